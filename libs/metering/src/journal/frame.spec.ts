import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { temporaryFolder } from '../testing/folder.js';
import { readSegment } from '../testing/read-journal.js';
import { FrameBuffer, frameAt, nextFrame, SEGMENT_HEADER } from './frame.js';

const payload = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => JSON.stringify({ text })),
);

function framed(payloads: readonly string[]): { readonly bytes: Buffer; readonly ends: readonly number[] } {
  const frames = new FrameBuffer();
  for (const text of payloads) frames.append(text);
  const header = SEGMENT_HEADER.length;
  return { bytes: Buffer.concat([SEGMENT_HEADER, frames.bytes]), ends: frames.ends.map((end) => end + header) };
}

describe('frames', () => {
  const folder = temporaryFolder();

  async function read(bytes: Buffer): ReturnType<typeof readSegment> {
    const path = join(folder(), 'segment');
    writeFileSync(path, bytes);
    return readSegment(path);
  }

  it('are read as they were written, whatever text they hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { maxLength: 20 }), async (payloads) => {
        expect(await read(framed(payloads).bytes)).toEqual({ payloads, damages: [] });
      }),
      { numRuns: 200 },
    );
  });

  it('are read one by one from a buffer that had to grow', () => {
    const frames = new FrameBuffer();
    const texts = ['a'.repeat(70_000), 'é'.repeat(300_000), '"x"'];
    for (const text of texts) frames.append(text);
    const { bytes } = frames;

    expect(frames.ends.map((_end, index) => frameAt(bytes, frames.ends[index - 1] ?? 0))).toEqual(
      texts.map((text, index) => ({ kind: 'frame', payload: text, end: frames.ends[index] })),
    );
  });

  it('that a file ends in the middle of are missing, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 8 }), fc.nat(), async (payloads, at) => {
        const { bytes, ends } = framed(payloads);
        const length = at % bytes.length;
        const whole = ends.filter((end) => end <= length).length;

        expect((await read(bytes.subarray(0, length))).payloads).toEqual(payloads.slice(0, whole));
      }),
      { numRuns: 300 },
    );
  });

  it('with a flipped bit are missing, and nothing else; where one was lost, it is counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 8 }), fc.nat(), async (payloads, at) => {
        const { bytes, ends } = framed(payloads);
        const bit = at % (bytes.length * 8);
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const hit = ends.findIndex((end) => bit >> 3 < end);
        const isInHeader = bit >> 3 < SEGMENT_HEADER.length;
        const { payloads: found, damages } = await read(flipped);

        expect(found).toEqual(payloads.filter((_payload, index) => isInHeader || index !== hit));
        // A last frame that says it is longer than the file looks torn.
        expect(damages.length).toBeLessThanOrEqual(1);
        if (hit < payloads.length - 1) expect(damages).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it('are never found in bytes that hold none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (noise, withHeader) => {
        const bytes = withHeader ? Buffer.concat([SEGMENT_HEADER, noise]) : Buffer.from(noise);
        expect((await read(bytes)).payloads).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('are found again after a stretch of noise', async () => {
    const before = framed(['"one"']).bytes;
    const after = framed(['"two"']).bytes.subarray(SEGMENT_HEADER.length);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (noise) => {
        // A torn frame may claim what follows it; only its checksum tells that it does not hold it.
        const torn = after.subarray(0, noise[0]! % after.length);
        const { payloads } = await read(Buffer.concat([before, noise, torn, after]));
        expect(payloads).toEqual(['"one"', '"two"']);
      }),
      { numRuns: 200 },
    );
  });

  it('do not begin inside of a payload that quotes one', () => {
    const quoted = framed(['"inner"']).bytes.subarray(SEGMENT_HEADER.length).toString('latin1');
    const { bytes } = framed([JSON.stringify({ quoted })]);

    expect(nextFrame(bytes, SEGMENT_HEADER.length + 1)).toBeNull();
  });
});
