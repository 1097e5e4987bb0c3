import { GatewayError } from '@switchyard/contract';
import fc from 'fast-check';
import { scanObject } from './scan-object.js';

const LIMITS = { maxDepth: 64 };

function scan(text: string, maxDepth = LIMITS.maxDepth) {
  return scanObject(Buffer.from(text), { maxDepth });
}

function refusal(action: () => unknown): GatewayError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return error as GatewayError;
  }
  throw new Error('nothing was thrown');
}

function nested(depth: number, open: string, close: string): string {
  return `{"a":${open.repeat(depth - 1)}${close.repeat(depth - 1)}}`;
}

describe('spans of top-level members', () => {
  it('cover key and value exactly, without the white space around them', () => {
    const text = ' { "model" : "a\\"}b" ,\n"n":[1,{"x":"]"}],\t"t" :true}\r\n';
    const { members, open } = scan(text);

    expect(open).toBe(2);
    expect(members.map((member) => [member.key, text.slice(member.start, member.valueEnd)])).toEqual([
      ['model', '"model" : "a\\"}b"'],
      ['n', '"n":[1,{"x":"]"}]'],
      ['t', '"t" :true'],
    ]);
    expect(members.map((member) => text.slice(member.valueStart, member.valueEnd))).toEqual([
      '"a\\"}b"',
      '[1,{"x":"]"}]',
      'true',
    ]);
  });

  it('are empty for an empty object', () => {
    expect(scan('{ }')).toEqual({ members: [], open: 1, duplicates: [] });
  });

  it.each([
    ['"\\\\"', 'an escaped backslash before the closing quote'],
    ['"\\\\\\""', 'an escaped backslash, then an escaped quote'],
    ['"\\\\\\\\"', 'two escaped backslashes'],
    ['"é😀\\u0022"', 'characters of several bytes and a quote as \\u0022'],
    ['"\\ud800"', 'a lone surrogate'],
    ['-1.5e+30', 'a number'],
    ['12345678901234567890', 'a number beyond 2^53'],
    ['""', 'an empty string'],
  ])('hold for %s (%s)', (value) => {
    const bytes = Buffer.from(`{"k":${value},"after":1}`);
    const [first, second] = scanObject(bytes, LIMITS).members;

    expect(bytes.toString('utf8', first?.valueStart, first?.valueEnd)).toBe(value);
    expect(second?.key).toBe('after');
  });
});

describe('duplicate top-level keys', () => {
  it('are noted once each, also when one is written with escapes', () => {
    expect(scan('{"a":1,"b":2,"\\u0061":3,"a":4}').duplicates).toEqual(['a']);
  });

  it('are found among many members', () => {
    const members = Array.from({ length: 40 }, (_, index) => `"k${index % 39}":${index}`);
    expect(scan(`{${members.join()}}`).duplicates).toEqual(['k0']);
  });

  it('are not noted in nested objects', () => {
    expect(scan('{"a":{"b":1,"b":2}}').duplicates).toEqual([]);
  });
});

describe('the depth limit', () => {
  it.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('lets exactly the limit through for %s', (open, close) => {
    const fill = open === '[' ? '' : '0';
    const text = (depth: number): string => nested(depth, open, close).replace(open + close, open + fill + close);
    for (const maxDepth of [2, 3, 64]) {
      expect(() => scan(text(maxDepth), maxDepth)).not.toThrow();
      expect(refusal(() => scan(text(maxDepth + 1), maxDepth)).message).toMatch(
        /too deep: more than \d+ levels at byte \d+/,
      );
    }
  });

  it('counts the deepest place, not the number of brackets', () => {
    expect(() => scan(`{"a":[${'[[]],'.repeat(500)}[]]}`, 4)).not.toThrow();
    expect(() => scan(`{"a":[${'[[]],'.repeat(500)}[]]}`, 3)).toThrow(GatewayError);
  });

  it('does not count brackets in strings', () => {
    expect(() => scan(`{"a":"${'[{'.repeat(500)}","${'['.repeat(500)}":[["{{{{"]]}`, 3)).not.toThrow();
  });

  it('counts the top-level object itself', () => {
    expect(() => scan('{}', 1)).not.toThrow();
    expect(() => scan('{"a":[]}', 1)).toThrow(GatewayError);
    expect(() => scan('{}', 0)).toThrow(GatewayError);
  });

  it('stops a bomb of millions of brackets at the limit', () => {
    const error = refusal(() => scan(`{"a":${'['.repeat(5_000_000)}`));
    expect(error.code).toBe('invalid_request');
    expect(error.message).toMatch(/at byte 68\b/);
  });
});

describe('keys that reach a prototype', () => {
  it.each([
    '{"__proto__":1}',
    '{"a":{"__proto__":{}}}',
    '{"a":[{"b":[{"__proto__" : null}]}]}',
    '{"\\u005f_proto__":1}',
    '{"a":{"\\u005f\\u005F\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"constructor" :\n{"x":[{}], "prototype":1}}',
    '{"a":{"constructor":{"x":{"y":1},"prototype":1}}}',
    '{"a":{"constructor":{"constructor":{"prototype":1}}}}',
    '{"a":{"constructor":{"constructor":{"x":1},"prototype":1}}}',
    '{"a":[{"c\\u006fnstructor":{"prot\\u006ftype":1}}]}',
  ])('are refused: %s', (text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(refusal(() => scan(text))).toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(
        /^The JSON key (__proto__|constructor\.prototype) is not allowed \(at byte \d+\)\.$/,
      ),
    });
  });

  it.each([
    '{"a":"__proto__","b":["__proto__",{"c":"constructor"}]}',
    '{"__proto":1,"proto__":2,"___proto__":3,"__proto__ ":4}',
    '{"prototype":{"prototype":1}}',
    '{"constructor":"prototype"}',
    '{"constructor":{"x":{"prototype":1}}}',
    '{"constructor":[{"prototype":1}]}',
    '{"constructor":{"a":1},"prototype":1}',
    '{"a":[{"constructor":{}},{"prototype":1}],"b":{"c":{"prototype":1}}}',
    '{"\\\\u005f_proto__":1,"constructo\\\\r":{"prototype":1}}',
  ])('are told from harmless ones: %s', (text) => {
    expect(() => scan(text)).not.toThrow();
  });

  it('are found wherever they hide, exactly as a walk over the parsed tree finds them', () => {
    const key = fc.constantFrom('__proto__', 'prototype', 'constructor', 'a');
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.constantFrom('0', '"prototype"'),
        fc.array(tie('tree'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
        fc.uniqueArray(fc.tuple(key, tie('tree')), { maxLength: 3, selector: ([name]) => name }).map(objectText),
      ),
    }));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, tree), { maxLength: 3, selector: ([name]) => name }), (members) => {
        const text = objectText(members);
        const dangerous = hasDangerousKey(JSON.parse(text));

        if (dangerous) expect(() => scan(text)).toThrow(/is not allowed/);
        else expect(() => scan(text)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('texts that are no JSON object', () => {
  it.each([
    ['', 0],
    ['   ', 3],
    ['[]', 0],
    ['"a"', 0],
    ['null', 0],
    ['{', 1],
    ['{"a"', 4],
    ['{"a":', 5],
    ['{"a":}', 5],
    ['{"a":1', 6],
    ['{"a":1,', 7],
    ['{"a":1,}', 7],
    ['{,}', 1],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":1 "b":2}', 7],
    ['{"a":[1,2}', 9],
    ['{"a":"b', 7],
    ['{"a":"b\\"}', 10],
    ['{"a":1}}', 7],
    ['{"a":1}{', 7],
    ['{"a":1} x', 8],
    ['{"a":1}\u0000', 7],
    ['{"\\u00zz":1}', 6],
    ['\uFEFF{"a":1}', 0],
    ['{"a":1}\uFEFF', 7],
    ['\u00a0{}', 0],
  ])('are refused with the offset: %j', (text, offset) => {
    const bytes = Buffer.from(text);
    const error = refusal(() => {
      scanObject(bytes, LIMITS);
      JSON.parse(text);
      throw new Error('both accepted it');
    });
    expect(error.code).toBe('invalid_request');
    expect(error.message).toContain(`at byte ${offset}.`);
  });

  it('are refused when the bytes are not UTF-8', () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]]) {
      const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(refusal(() => scanObject(body, LIMITS)).message).toMatch(/not valid UTF-8/);
    }
  });

  it('are refused without a word of the body', () => {
    const error = refusal(() => scan('{"secret":"s3cr3t-value" "x":1}'));
    expect(error.message).not.toMatch(/s3cr3t|secret/);
  });
});

function objectText(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, value]) => `"${key}":${value}`).join()}}`;
}

/** The rule in its plainest form. */
function hasDangerousKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  const inner: unknown = Object.hasOwn(value, 'constructor') ? (value as { constructor: unknown }).constructor : null;
  if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.hasOwn(inner, 'prototype'))
    return true;
  return Object.values(value).some(hasDangerousKey);
}
