import fc from 'fast-check';
import { csvLine } from './csv.js';

/** A reader of RFC 4180, for one line. */
function cellsOf(line: string): readonly string[] {
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (const [, quoted, plain] of line.matchAll(pattern)) cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
  return cells;
}

describe('a line of CSV', () => {
  it.each([
    [['a', 1, true, null, 2.5], 'a,1,true,,2.5\r\n'],
    [['a,b'], '"a,b"\r\n'],
    [['say "x"'], '"say ""x"""\r\n'],
    [['two\nlines'], '"two\nlines"\r\n'],
    [['=1+1'], "'=1+1\r\n"],
    [['=HYPERLINK("x","y")'], `"'=HYPERLINK(""x"",""y"")"\r\n`],
    [['+1', '-1', '@x', '\tx'], "'+1,'-1,'@x,'\tx\r\n"],
    [[-1], '-1\r\n'],
    [['a=b', 'x-y'], 'a=b,x-y\r\n'],
  ])('of %j is %j', (cells, line) => {
    expect(csvLine(cells)).toBe(line);
  });

  it('reads as the texts it was made of, but for the apostrophe before what could be run', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const read = cellsOf(csvLine(texts));
        expect(read.map((text) => text.replace(/^'(?=[=+\-@\t\r])/, ''))).toEqual(
          texts.map((text) => text.replace(/^'(?=[=+\-@\t\r])/, '')),
        );
        expect(read.some((text) => /^[=+\-@\t\r]/.test(text))).toBe(false);
      }),
    );
  });
});
