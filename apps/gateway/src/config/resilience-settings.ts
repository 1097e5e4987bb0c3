import type { JsonObject, Protocol } from '@switchyard/contract';
import type {
  GoldenRequestSection,
  HealthSection,
  HedgingSection,
  IdempotencySection,
  OverloadSection,
  PROBE_MODES,
} from './resilience-sections.js';

const BYTES_PER_MIB = 1024 * 1024;
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
    minDelayMs: section.min_delay_s * 1_000,
  };
}

export function healthSettings(section: HealthSection): HealthSettings {
  return {
    ejectAfterFailures: section.eject_after_failures,
    ejectAtShare: section.eject_at_share,
    ejectMinRequests: section.eject_min_requests,
    ejectionMs: section.ejection_s * 1_000,
    maxEjectionMs: Math.max(section.ejection_s, section.max_ejection_s) * 1_000,
    probes: { mode: section.probes.mode, intervalMs: section.probes.interval_s * 1_000 },
  };
}

export function overloadSettings(section: OverloadSection): OverloadSettings {
  return {
    maxInFlight: section.max_in_flight,
    maxLoopDelayMs: section.max_loop_delay_s * 1_000,
    maxHeapShare: section.max_heap_share,
    bigBodyBytes: section.big_body_mib * BYTES_PER_MIB,
    bigBodies: section.big_bodies,
    maxStrangersPerAddress: section.max_strangers_per_address,
  };
}

export function idempotencySettings(section: IdempotencySection): IdempotencySettings {
  return { keepMs: section.keep_s * 1_000, maxAnswerBytes: Math.round(section.max_answer_mib * BYTES_PER_MIB) };
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
