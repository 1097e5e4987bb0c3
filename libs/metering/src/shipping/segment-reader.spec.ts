import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FrameBuffer, SEGMENT_HEADER } from '../journal/frame.js';
import { temporaryFolder } from '../testing/folder.js';
import { SegmentReader } from './segment-reader.js';

function frame(payload: string): Buffer {
  const frames = new FrameBuffer();
  frames.append(payload);
  return Buffer.from(frames.bytes);
}

describe('reading a segment that grows', () => {
  const folder = temporaryFolder();
  let payloads: string[];
  let damages: number[];
  let room: number;
  let nowMs: number;
  let reader: SegmentReader;
  const path = (): string => join(folder(), '00000001.journal');

  beforeEach(() => {
    payloads = [];
    damages = [];
    room = Infinity;
    nowMs = 0;
    const sink = {
      payload: (payload: string) => payloads.push(payload),
      damage: (bytes: number) => damages.push(bytes),
      hasRoom: () => payloads.length < room,
    };
    reader = new SegmentReader(sink, () => nowMs);
    writeFileSync(path(), SEGMENT_HEADER);
  });
  afterEach(() => reader.close());

  it('stops at a torn frame and takes it once it is whole', async () => {
    const bytes = Buffer.concat([frame('"one"'), frame('"two"')]);
    for (const byte of bytes) {
      appendFileSync(path(), Buffer.of(byte));
      expect(await reader.read(path(), false)).toBe(true);
    }

    expect(payloads).toEqual(['"one"', '"two"']);
    expect(damages).toEqual([]);
  });

  it('takes what stands where a torn frame was cut off', async () => {
    appendFileSync(path(), frame('"one"').subarray(0, 15));
    await reader.read(path(), false);
    truncateSync(path(), SEGMENT_HEADER.length);
    appendFileSync(path(), frame('"two"'));
    await reader.read(path(), false);

    expect(payloads).toEqual(['"two"']);
    expect(damages).toEqual([]);
  });

  it('waits a second before it believes in damage, for a write may be under way', async () => {
    const one = frame('"one"');
    one[12]! ^= 1;
    appendFileSync(path(), Buffer.concat([one, frame('"two"')]));
    await reader.read(path(), false);
    nowMs = 999;
    await reader.read(path(), false);
    expect(payloads).toEqual([]);

    nowMs = 1_000;
    await reader.read(path(), false);
    expect(payloads).toEqual(['"two"']);
    expect(damages).toEqual([one.length]);
  });

  it('calls an end that is torn no damage, and one that is wrong damage', async () => {
    appendFileSync(path(), frame('"one"').subarray(0, 15));
    expect(await reader.read(path(), true)).toBe(true);
    expect(damages).toEqual([]);

    appendFileSync(path(), Buffer.alloc(100));
    expect(await reader.read(path(), true)).toBe(true);
    expect(damages).toEqual([100]);
  });

  it('reads frames larger than it reads at a time, and finds its way past damaged ones', async () => {
    const large = JSON.stringify('x'.repeat(700_000));
    const damaged = frame(large);
    damaged[500_000]! ^= 1;
    appendFileSync(path(), Buffer.concat([frame(large), damaged, frame('"end"')]));
    await reader.read(path(), true);

    expect(payloads).toEqual([large, '"end"']);
    expect(damages).toEqual([damaged.length]);
  });

  it('stops when there is no more room, and goes on when there is', async () => {
    const large = JSON.stringify('x'.repeat(100_000));
    for (let index = 0; index < 9; index++) appendFileSync(path(), frame(large));
    room = 1;
    expect(await reader.read(path(), false)).toBe(false);
    expect(payloads.length).toBeLessThan(9);

    room = Infinity;
    expect(await reader.read(path(), false)).toBe(true);
    expect(payloads).toHaveLength(9);
  });
});
