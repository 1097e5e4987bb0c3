import fc from 'fast-check';
import { FenceStripper, freeFormText, stripFences } from './answer-shape.js';

describe('fences', () => {
  it.each([
    ['```json\n{"a":1}\n```', '{"a":1}'],
    ['```\r\n{"a":1}\r\n```  \n', '{"a":1}'],
    ['\n ```json \n[1]\n```', '[1]'],
    ['```json\n{"a":"```"}\n```', '{"a":"```"}'],
    ['```json\n{"a":1}', '{"a":1}'],
    ['{"a":1}', '{"a":1}'],
    ['Here: ```json\n{}\n```', 'Here: ```json\n{}\n```'],
    ['``` not a fence', '``` not a fence'],
    ['', ''],
  ])('of %j leave %j', (text, expected) => {
    expect(stripFences(text)).toBe(expected);
  });

  it('come off a stream as they come off the whole text, however it is cut', () => {
    const pieces = fc.constantFrom('```', '``', '`', 'json', '\n', '\r\n', ' ', '{"a":1}', 'x');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (chunks) => {
        const stripper = new FenceStripper();
        const streamed = chunks.map((chunk) => stripper.push(chunk)).join('') + stripper.end();
        expect(streamed).toBe(stripFences(chunks.join('')));
      }),
      { numRuns: 2_000 },
    );
  });

  it('hold back nothing of a text without any', () => {
    const stripper = new FenceStripper();
    expect(stripper.push('{"a')).toBe('{"a');
    expect(stripper.push('":1}```')).toBe('":1}```');
  });
});

describe('free-form text', () => {
  it.each([
    ['{"input":"a\\nb"}', 'a\nb'],
    ['{"other":1}', '{"other":1}'],
    ['', ''],
    ['plain', 'plain'],
  ])('of %j is %j', (json, expected) => {
    expect(freeFormText(json)).toBe(expected);
  });
});
