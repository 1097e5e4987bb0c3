import type {
  AlertSettings,
  GatewayTimeouts,
  JournalSettings,
  RoutingSettings,
  ServerSettings,
} from './gateway-config.js';
import { policyRules } from './policy-section.js';
import { hedgingSettings } from './resilience-settings.js';
import type { RoutingSection } from './routing-section.js';
import type { AlertsSection, JournalSection, ServerSection } from './switchyard-file.js';
import type { TimeoutsSection } from './timeouts-section.js';
import { BYTES_PER_MIB, milliseconds } from './units.js';

/** An attempt that does not stream gets this part of the whole time, so that a fallback can follow. */
const NON_STREAM_SHARE = 1 / 3;

export function serverSettings(section: ServerSection, machine: { hasRedis: boolean; cores: number }): ServerSettings {
  const automatic = machine.hasRedis ? machine.cores : 1;
  return {
    host: section.host,
    port: section.port,
    opsPort: section.ops_port,
    workers: section.workers === 'auto' ? automatic : section.workers,
    maxBodyBytes: Math.round(section.max_body_mib * BYTES_PER_MIB),
    maxBodyDepth: section.max_body_depth,
    maxImages: section.max_images,
  };
}

export function routingSettings(section: RoutingSection): RoutingSettings {
  const { tenant, provider, process } = section.retry_budgets;
  return {
    policy: policyRules(section.policy),
    seed: section.seed ?? null,
    maxModels: section.max_models,
    maxAttempts: section.max_attempts,
    retryBudgets: {
      tenant: { ratio: tenant.ratio, floor: tenant.floor, windowMs: milliseconds(tenant.window_s) },
      provider: { ratio: provider.ratio, floor: provider.floor },
      process: { tokens: process.tokens, cost: process.cost },
    },
    hedging: hedgingSettings(section.hedging),
    cancelStopsBilling: section.cancel_stops_billing,
  };
}

export function timeoutSettings(section: TimeoutsSection): GatewayTimeouts {
  return {
    connectMs: milliseconds(section.connect_s),
    headersMs: milliseconds(section.headers_s),
    firstEventMs: milliseconds(section.first_event_s),
    reasoningFirstEventMs: milliseconds(section.first_event_reasoning_s),
    progressMs: milliseconds(section.progress_s),
    pingsMs: milliseconds(section.pings_s),
    idleMs: milliseconds(section.idle_s),
    totalMs: milliseconds(section.total_s),
    nonStreamMs: milliseconds(section.non_stream_s ?? section.total_s * NON_STREAM_SHARE),
    clientHeadersMs: milliseconds(section.client_headers_s),
    clientBodyMs: milliseconds(section.client_body_s),
    clientKeepAliveMs: milliseconds(section.client_keep_alive_s),
    clientStallMs: milliseconds(section.client_stall_s),
    headerHoldMs: milliseconds(section.header_hold_s),
    drainMs: milliseconds(section.drain_s),
    drainDelayMs: Math.round(section.drain_delay_s * 1000),
  };
}

export function journalSettings(section: JournalSection): JournalSettings {
  return { durability: section.durability, minFreeBytes: section.min_free_mib * BYTES_PER_MIB };
}

export function alertSettings(section: AlertsSection | undefined): AlertSettings | null {
  if (section === undefined) return null;
  const thresholds = [...new Set(section.thresholds)].sort((left, right) => left - right);
  return { url: section.url, secret: section.secret, thresholds };
}
