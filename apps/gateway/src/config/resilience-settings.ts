import type { JsonObject, Protocol } from '@switchyard/contract';
import type {
  GoldenRequestSection,
  HealthSection,
  HedgingSection,
  IdempotencySection,
  OverloadSection,
  PROBE_MODES,
} from './resilience-sections.js';
import { BYTES_PER_MIB, milliseconds } from './units.js';

const NANO_PER_USD = 1_000_000_000;

export interface HedgingSettings {
  readonly enabled: boolean;
  readonly maxShare: number;
  readonly maxNanoUsdPerHour: number;
  readonly maxInFlight: number;
  readonly minDelayMs: number;
}

export interface HealthSettings {
  readonly ejectAfterFailures: number;
  readonly ejectAtShare: number;
  readonly ejectMinRequests: number;
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  readonly probes: { readonly mode: (typeof PROBE_MODES)[number]; readonly intervalMs: number };
}

export interface OverloadSettings {
  readonly maxInFlight: number;
  readonly maxLoopDelayMs: number;
  readonly maxHeapShare: number;
  readonly bigBodyBytes: number;
  readonly bigBodies: number;
  readonly maxStrangersPerAddress: number;
}

export interface IdempotencySettings {
  readonly keepMs: number;
  readonly maxAnswerBytes: number;
}

export interface GoldenRequest {
  readonly name: string;
  readonly keyId: string;
  readonly protocol: Protocol;
  readonly body: JsonObject;
  /** `null` = any endpoint will do. */
  readonly endpoint: string | null;
}

export function hedgingSettings(section: HedgingSection): HedgingSettings {
  return {
    enabled: section.enabled,
    maxShare: section.max_share,
    maxNanoUsdPerHour: Math.round(section.max_usd_per_hour * NANO_PER_USD),
    maxInFlight: section.max_in_flight,
    minDelayMs: milliseconds(section.min_delay_s),
  };
}

export function healthSettings(section: HealthSection): HealthSettings {
  return {
    ejectAfterFailures: section.eject_after_failures,
    ejectAtShare: section.eject_at_share,
    ejectMinRequests: section.eject_min_requests,
    ejectionMs: milliseconds(section.ejection_s),
    maxEjectionMs: milliseconds(Math.max(section.ejection_s, section.max_ejection_s)),
    probes: { mode: section.probes.mode, intervalMs: milliseconds(section.probes.interval_s) },
  };
}

export function overloadSettings(section: OverloadSection): OverloadSettings {
  return {
    maxInFlight: section.max_in_flight,
    maxLoopDelayMs: milliseconds(section.max_loop_delay_s),
    maxHeapShare: section.max_heap_share,
    bigBodyBytes: section.big_body_mib * BYTES_PER_MIB,
    bigBodies: section.big_bodies,
    maxStrangersPerAddress: section.max_strangers_per_address,
  };
}

export function idempotencySettings(section: IdempotencySection): IdempotencySettings {
  return { keepMs: milliseconds(section.keep_s), maxAnswerBytes: Math.round(section.max_answer_mib * BYTES_PER_MIB) };
}

export function goldenRequests(sections: readonly GoldenRequestSection[]): readonly GoldenRequest[] {
  return sections.map(({ name, key, protocol, body, endpoint }) => ({
    name,
    keyId: key,
    protocol,
    body: body as JsonObject,
    endpoint: endpoint ?? null,
  }));
}
