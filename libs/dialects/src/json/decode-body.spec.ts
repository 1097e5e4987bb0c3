import fc from 'fast-check';
import { decodeBody } from './decode-body.js';
import { locateFault } from './locate-fault.js';

const LIMITS = { maxDepth: 64 };

describe('decoding a body', () => {
  it('gives the bytes, the tree and the spans', () => {
    const bytes = Buffer.from('{"model":"m","é":"ü"}');
    const body = decodeBody(bytes, LIMITS);

    expect(body.bytes).toBe(bytes);
    expect(body.json).toEqual({ model: 'm', é: 'ü' });
    expect(body.scan.members.map(({ key }) => key)).toEqual(['model', 'é']);
  });

  it.each([
    ['{"a":tru}', 8],
    ['{"a":[1,2}', 9],
    ['{"a":[}', 6],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":+1}', 5],
    ['{"a":NaN}', 5],
    ['{"a":1e}', 7],
    ['{"a":"\n"}', 6],
    ['{"a":"\\x"}', 7],
    ['{"a":"\\u12g4"}', 10],
    ['{"a":{"b" 1}}', 10],
    ['{"a":{b:1}}', 6],
    ['{"a":[1,]}', 8],
    ['{"a":{"b":1,}}', 12],
    ['{"ü":[1 2]}', 9],
    ['{"a":1 // no\n}', 7],
    ['{"a":[[1}]}', 8],
  ])('refuses %j with the byte of the first fault', (text, offset) => {
    expect(() => decodeBody(Buffer.from(text), LIMITS)).toThrow(
      expect.objectContaining({
        name: 'GatewayError',
        code: 'invalid_request',
        message: expect.stringMatching(new RegExp(`expected .+ at byte ${offset}\\.$`)),
      }),
    );
  });

  it('shows nothing of the text in the error', () => {
    expect(() => decodeBody(Buffer.from('{"k":s3cr3t}'), LIMITS)).toThrow(/^((?!s3cr3t).)*$/s);
  });
});

describe('locating a fault', () => {
  it('finds one exactly where JSON.parse refuses, for any text', () => {
    const noise = fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', '0', '1', '-', '.', 'e', 'true', 'null', '"a"'),
          { maxLength: 14 },
        )
        .map((parts) => parts.join('')),
      fc.json(),
    );
    fc.assert(
      fc.property(noise, (text) => {
        const fault = locateFault(Buffer.from(text));
        if (parses(text)) expect(fault).toBeNull();
        else expect(fault?.expected).toMatch(/./);
      }),
      { numRuns: 1500 },
    );
  });

  it('survives any depth of nesting', () => {
    expect(locateFault(Buffer.from('['.repeat(1_000_000)))?.offset).toBe(1_000_000);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
