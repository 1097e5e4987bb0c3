import { UpstreamError } from '@switchyard/contract';
import fc from 'fast-check';
import { sseFrame, type SseFrame } from './frame.js';
import { SseScanner } from './scanner.js';

function scan(chunks: readonly Buffer[], maxEventBytes?: number): SseFrame[] {
  const scanner = new SseScanner(maxEventBytes === undefined ? {} : { maxEventBytes });
  return [...chunks.flatMap((chunk) => scanner.push(chunk)), ...scanner.end()];
}

/** The same bytes, one a chunk. */
function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.from([byte]));
}

function scanText(...chunks: readonly string[]): SseFrame[] {
  return scan(chunks.map((chunk) => Buffer.from(chunk)));
}

/** The standard's rules in their plainest form, over the whole text at once. */
function reference(bytes: Buffer): SseFrame[] {
  const frames: SseFrame[] = [];
  let event: string | null = null;
  let data: string[] = [];
  for (const line of [...new TextDecoder().decode(bytes).split(/\r\n|\n|\r/), '']) {
    if (line === '') {
      if (data.length > 0) frames.push({ event, data: data.join('\n') });
      event = null;
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    if (name === 'event') event = value === '' ? null : value;
  }
  return frames;
}

function splitAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
}

function failure(action: () => unknown): UpstreamError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UpstreamError);
    return error as UpstreamError;
  }
  throw new Error('nothing was thrown');
}

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '')),
  fc.json({ maxDepth: 1 }),
  fc.constantFrom('', ' two', 'é😀', '[DONE]', '\u0000', '\uFEFF'),
);
const line = fc.oneof(
  { weight: 5, arbitrary: value.map((text) => `data: ${text}`) },
  { weight: 2, arbitrary: value.map((text) => `data:${text}`) },
  { weight: 2, arbitrary: value.map((text) => `event: ${text}`) },
  value.map((text) => `: ${text}`),
  value.map((text) => `id: ${text}`),
  fc.constantFrom('data', 'event', 'event:', 'retry: 5', 'datax: 1', 'dat', 'eventual: y', ' data: 1', 'DATA: 1', ':'),
  value,
);
const lineEnd = fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '\n\r\n');
const stream = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(line, lineEnd), { maxLength: 12 }), fc.option(line, { nil: '' }))
  .map(([mark, lines, last]) => Buffer.from((mark ? '\uFEFF' : '') + lines.flat().join('') + last));

describe('scanning events', () => {
  it.each<[string, string, SseFrame[]]>([
    ['a named event', 'event: ping\ndata: {"type":"ping"}\n\n', [{ event: 'ping', data: '{"type":"ping"}' }]],
    ['an event without a name', 'data: [DONE]\n\n', [{ event: null, data: '[DONE]' }]],
    ['data without a space', 'data:{"a":1}\n\n', [{ event: null, data: '{"a":1}' }]],
    ['only the first space after the colon', 'data:  x \n\n', [{ event: null, data: ' x ' }]],
    ['several data lines joined by newlines', 'data: a\ndata:\ndata: b\n\n', [{ event: null, data: 'a\n\nb' }]],
    ['an empty data line', 'data\n\n', [{ event: null, data: '' }]],
    ['CRLF', 'event: a\r\ndata: b\r\n\r\n', [{ event: 'a', data: 'b' }]],
    ['CR alone', 'event: a\rdata: b\r\r', [{ event: 'a', data: 'b' }]],
    [
      'line ends mixed',
      'data: a\r\n\ndata: b\r\r\ndata: c\n\r',
      ['a', 'b', 'c'].map((data) => ({ event: null, data })),
    ],
    ['no event for a name alone, and the name is forgotten', 'event: a\n\ndata: b\n\n', [{ event: null, data: 'b' }]],
    ['nothing for comments, ids, retries and unknown fields', ': hi\nid: 1\nretry: 2\nfoo: 3\n\n', []],
    ['a byte order mark skipped', '\uFEFFdata: a\n\n', [{ event: null, data: 'a' }]],
    ['no byte order mark skipped later', 'data: a\n\n\uFEFFdata: b\n\n', [{ event: null, data: 'a' }]],
    [
      'the last event without its blank line',
      'data: a\n\ndata: b\n',
      ['a', 'b'].map((data) => ({ event: null, data })),
    ],
    ['the last event without even a line end', 'data: [DONE]', [{ event: null, data: '[DONE]' }]],
  ])('reads %s', (_, text, frames) => {
    expect(scanText(text)).toEqual(frames);
    expect(scan(bytewise(Buffer.from(text)))).toEqual(frames);
  });

  it('delivers an event as soon as its blank line is there, also when that is a lone CR', () => {
    const scanner = new SseScanner();
    expect(scanner.push(Buffer.from('data: a\r'))).toEqual([]);
    expect(scanner.push(Buffer.from('\r'))).toEqual([{ event: null, data: 'a' }]);
    expect(scanner.push(Buffer.from('\ndata: b\n\n'))).toEqual([{ event: null, data: 'b' }]);
  });

  it('puts characters of several bytes together again', () => {
    const bytes = Buffer.from('data: é😀\u2028x\n\n');
    expect(scan(bytewise(bytes))).toEqual([{ event: null, data: 'é😀\u2028x' }]);
  });

  it('counts comments', () => {
    const scanner = new SseScanner();
    for (const chunk of [': one\n\n:', 'two\ndata: x\n:', '\n\n']) scanner.push(Buffer.from(chunk));
    expect(scanner.comments).toBe(3);
  });

  it('keeps no hold on a chunk that is written over afterwards', () => {
    const scanner = new SseScanner();
    const chunk = Buffer.from('data: first\n\ndata: sec');
    const frames = scanner.push(chunk);
    chunk.fill('x');
    expect([...frames, ...scanner.push(Buffer.from('ond\n\n'))].map(({ data }) => data)).toEqual(['first', 'second']);
  });
});

describe('the limit of an event', () => {
  const limit = 100;
  const event = (bytes: number): string => `data: ${'x'.repeat(bytes - 6)}`;

  it('lets exactly the limit through, however it arrives', () => {
    for (const text of [`${event(limit)}\n\n`, event(limit)]) {
      expect(scan([Buffer.from(text)], limit)).toHaveLength(1);
      expect(scan(bytewise(Buffer.from(text)), limit)).toHaveLength(1);
    }
  });

  it('refuses one byte more as an invalid answer, however it arrives', () => {
    for (const text of [`${event(limit + 1)}\n\n`, event(limit + 1), `data: a\n${event(limit - 7)}\n\n`]) {
      const bytes = Buffer.from(text);
      for (const chunks of [[bytes], bytewise(bytes)]) {
        const error = failure(() => scan(chunks, limit));
        expect(error.failure).toMatchObject({ class: 'invalid_answer', status: null });
      }
    }
  });

  it('counts bytes, not characters', () => {
    expect(scan([Buffer.from(`data: ${'é'.repeat(47)}\n\n`)], limit)).toHaveLength(1);
    failure(() => scan([Buffer.from(`data: ${'é'.repeat(48)}\n\n`)], limit));
  });

  it('holds for lines that are ignored too', () => {
    failure(() => scan([Buffer.from(`: ${'x'.repeat(limit)}`)], limit));
    failure(() => scan([Buffer.from('id: 12345\n'.repeat(20))], limit));
  });

  it('starts anew after each blank line', () => {
    expect(scan([Buffer.from(`${event(limit)}\n\n`.repeat(50))], limit)).toHaveLength(50);
  });

  it('is a mebibyte unless told otherwise', () => {
    expect(scan([Buffer.from(event(1024 * 1024))])).toHaveLength(1);
    failure(() => scan([Buffer.from(event(1024 * 1024 + 1))]));
  });
});

const RUNS = 10_000;

describe('any stream', () => {
  it('gives the frames of the standard, wherever it is split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), (bytes, places) => {
        const expected = JSON.stringify(reference(bytes));
        const ways = [[bytes], splitAt(bytes, places), bytewise(bytes)];
        return ways.every((chunks) => JSON.stringify(scan(chunks)) === expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('counts the same comments, wherever it is split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), (bytes, places) => {
        const [whole, split] = [new SseScanner(), new SseScanner()];
        whole.push(bytes);
        whole.end();
        for (const chunk of splitAt(bytes, places)) split.push(chunk);
        split.end();
        expect(split.comments).toBe(whole.comments);
      }),
    );
  });

  it('of arbitrary bytes never throws anything but an UpstreamError, never buffers more than the limit, and fails alike however split', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      stream,
      fc
        .array(fc.constantFrom('data: ', 'data:\n', ':', 'x'.repeat(30), '\n', '\r', '\xff'), { maxLength: 30 })
        .map((parts) => Buffer.from(parts.join(''), 'latin1')),
    );
    const limit = 64;
    const outcome = (chunks: readonly Buffer[]): readonly SseFrame[] | 'refused' => {
      const scanner = new SseScanner({ maxEventBytes: limit });
      const frames: SseFrame[] = [];
      try {
        for (const chunk of chunks) {
          frames.push(...scanner.push(chunk));
          if (scanner.bufferedBytes > limit + 1) throw new Error('more is buffered than the limit');
        }
        return [...frames, ...scanner.end()];
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        return 'refused';
      }
    };
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 6 }), (bytes, places) => {
        const whole = JSON.stringify(outcome([bytes]));
        const isAlike = JSON.stringify(outcome(splitAt(bytes, places))) === whole;
        return isAlike && (whole === '"refused"' || whole === JSON.stringify(reference(bytes)));
      }),
      { numRuns: RUNS },
    );
  });

  it('can be written again frame by frame without a field slipping in', () => {
    const single = value.filter((text) => text !== '');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.option(single), value), { maxLength: 5 }), (frames) => {
        const written = frames.map(([event, data]) => sseFrame(event, data)).join('');
        return JSON.stringify(scanText(written)) === JSON.stringify(frames.map(([event, data]) => ({ event, data })));
      }),
      { numRuns: RUNS },
    );
  });

  it('holds one event for one written, whatever its name and data are', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\r\n:a-z ]{0,12}$/));
    fc.assert(
      fc.property(fc.option(anything), anything, (event, data) => {
        const [frame, ...others] = scanText(sseFrame(event, data));
        const lines = data.toWellFormed().replaceAll(/\r\n|\r/g, '\n');
        return others.length === 0 && frame !== undefined && frame.data === lines && !/[\r\n]/.test(frame.event ?? '');
      }),
      { numRuns: RUNS },
    );
  });

  it('never yields a line end in a name, nor a carriage return in data', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        for (const { event, data } of scan([bytes])) {
          expect(event ?? '').not.toMatch(/[\r\n]/);
          expect(data).not.toContain('\r');
        }
      }),
    );
  });
});
