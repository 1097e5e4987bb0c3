import { isJsonObject, type JsonObject, type JsonValue } from '@switchyard/contract';
import type { UsageDistortion } from '../answer.js';
import type { Scene } from '../scene.js';
import type { Fault } from './fault.js';

/** Good answers whose usage is wrong. */
export const usageFaults = {
  usage_missing: distortedBy(() => undefined),
  usage_negative: distortedBy((usage) => eachNumber(usage, (count) => -count - 1)),
  /** What a not-a-number becomes in JSON. */
  usage_nan: distortedBy((usage) => eachNumber(usage, () => null)),
  usage_huge: distortedBy((usage) => eachNumber(usage, () => 1e18)),
  usage_string: distortedBy((usage) => eachNumber(usage, (count) => String(count))),
  usage_zero: distortedBy((usage) => eachNumber(usage, () => 0)),
  /** Counts that fall from one usage object of a stream to the next. */
  usage_decreasing: async (scene) => {
    if (!scene.streams) return scene.play();
    const good = [...scene.pieces()];
    const more: UsageDistortion = (usage) => eachNumber(usage, (count) => count * 10 + 1000);
    const inflated = [...scene.pieces({ ...scene.answer(), distortUsage: more })];
    const places = good.flatMap((piece, index) => (piece.bytes === inflated[index]?.bytes ? [] : [index]));
    const last = places.at(-1);
    const pieces = good.flatMap((piece, index) => {
      const bigger = inflated[index] ?? piece;
      if (index === last && places.length === 1) return [bigger, piece];
      return index === last ? [piece] : [bigger];
    });
    scene.exchange.head(200, scene.headers());
    if (await scene.send(pieces)) scene.exchange.end();
  },
} satisfies Record<string, Fault>;

function distortedBy(distortUsage: UsageDistortion): Fault {
  return (scene: Scene) => scene.play({ ...scene.answer(), distortUsage });
}

function eachNumber(usage: JsonObject, change: (count: number) => JsonValue): JsonObject {
  return Object.fromEntries(
    Object.entries(usage).map(([name, value]) => {
      if (typeof value === 'number') return [name, change(value)];
      return [name, isJsonObject(value) ? eachNumber(value, change) : value];
    }),
  );
}
