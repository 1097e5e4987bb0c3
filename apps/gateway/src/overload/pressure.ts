/** What a process is measured by. */
export interface Readings {
  /** How much later than due the event loop came round to its timers, on average since the last reading. Milliseconds. */
  readonly loopDelayMs: number;
  /** Share of the heap limit that is used. */
  readonly heapShare: number;
  /** Readings that were due since the last one, this one included: a loop that is late is read late. */
  readonly due: number;
}

export interface PressureLimits {
  /** The event loop may be this late at its worst. */
  readonly maxLoopDelayMs: number;
  readonly maxHeapShare: number;
}

/** How much a process gives up for the rest of its work to be done in time. Requests under way are never given up. */
export interface Pressure {
  /** Share of new requests that are refused, for the delay of the event loop alone. */
  readonly share: number;
  /** All new requests are refused: the heap is too full to take any. */
  readonly isHeapFull: boolean;
  /** Answers close their connections too, which hold memory of their own. */
  readonly closesConnections: boolean;
  /** Of the last reading. */
  readonly loopDelayMs: number;
}

export const NO_PRESSURE: Pressure = { share: 0, isHeapFull: false, closesConnections: false, loopDelayMs: 0 };

/**
 * The delay that is aimed at, as a part of the worst one allowed: refusing less and less towards that worst would have it
 * reached all the time.
 */
const AIM = 0.4;
/** What the share grows by in a reading for a delay of twice the aim, and for one that just grew by the aim; what it falls by without any. */
const LASTING_GAIN = 0.05;
const RISING_GAIN = 0.1;
const RELIEF = 0.04;
/** The more is refused, the more a small step changes of what is let in: steps shrink with what is left, down to this. */
const STEP_MIN = 0.15;
/** A delay that is out of all proportion weighs no more than this, in aims. */
const EXCESS_MAX = 4;
/** Some are let in whatever happens, or nobody would ever know that it is over. */
const SHARE_MAX = 0.98;
/** A heap that was too full is well again this far below its limit. */
const HEAP_RELIEF = 0.05;
/** Of readings that one stands for. */
const DUE_MAX = 5;
const HEAP_CLOSING_SHARE = 0.92;

/**
 * The next pressure after a reading. What counts of the delay is what stayed of it since the reading before: one long
 * collection of garbage, or one big body, is over before anything could be done about it. The share follows a lasting delay
 * up and down in small steps (proportional and integral, as in RFC 8033), so that it settles where the load is just borne
 * and neither lets everybody in nor nobody.
 */
export function nextPressure(
  before: Pressure,
  { loopDelayMs, heapShare, due }: Readings,
  limits: PressureLimits,
): Pressure {
  const aimMs = limits.maxLoopDelayMs * AIM;
  const lastingMs = Math.min(loopDelayMs, before.loopDelayMs);
  const excess = bounded((lastingMs - aimMs) / aimMs, -1, EXCESS_MAX);
  const rise = excess > 0 ? bounded((loopDelayMs - before.loopDelayMs) / aimMs, -1, 1) : 0;
  const closesConnections = heapShare > Math.max(HEAP_CLOSING_SHARE, limits.maxHeapShare);
  const step = Math.max(STEP_MIN, 1 - before.share);
  const lasting = excess > 0 ? LASTING_GAIN * step * excess : RELIEF * excess;
  return {
    share: bounded(before.share + lasting * bounded(due, 1, DUE_MAX) + RISING_GAIN * step * rise, 0, SHARE_MAX),
    isHeapFull: heapShare > limits.maxHeapShare - (before.isHeapFull ? HEAP_RELIEF : 0),
    closesConnections,
    loopDelayMs,
  };
}

function bounded(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
