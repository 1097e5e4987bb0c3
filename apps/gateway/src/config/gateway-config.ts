import type { CatalogSnapshot, PolicyRules, Timeouts } from '@switchyard/contract';
import type {
  GoldenRequest,
  HealthSettings,
  HedgingSettings,
  IdempotencySettings,
  OverloadSettings,
} from './resilience-settings.js';
import type { CompatFlag, KeyRecord, Permission } from '@switchyard/identity';

/** `switchyard.yaml`, validated, complete and immutable: every default is filled in, every unit is in the name. */
export interface GatewayConfig {
  /** The file it was read from; `null` = no file, Switchyard's own defaults. */
  readonly source: string | null;
  /** True when no provider credential exists at all: the simulator answers for every built-in provider. */
  readonly simulated: boolean;
  readonly server: ServerSettings;
  /** `null` = none: limits live in this process. */
  readonly redis: { readonly url: string } | null;
  /** `null` = the embedded ledger in `dataDir`. */
  readonly database: { readonly url: string } | null;
  /** Absolute. Journal, embedded ledger, generated secrets. */
  readonly dataDir: string;
  readonly routing: RoutingSettings;
  readonly timeouts: GatewayTimeouts;
  readonly catalog: CatalogSnapshot;
  /** The catalogue before the simulator took the place of its providers; `null` = it did not. */
  readonly realCatalog: CatalogSnapshot | null;
  /** By id; the tenant `default` always exists. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly keys: readonly KeySettings[];
  readonly limits: LimitSettings;
  readonly health: HealthSettings;
  readonly overload: OverloadSettings;
  readonly idempotency: IdempotencySettings;
  readonly goldenRequests: readonly GoldenRequest[];
  readonly journal: JournalSettings;
  /** `null` = nobody is told. */
  readonly alerts: AlertSettings | null;
  /** Days that usage records are kept; `null` = for ever. */
  readonly retention: { readonly requestsDays: number | null };
  readonly security: SecuritySettings;
  readonly log: { readonly level: LogLevel };
}

export interface ServerSettings {
  readonly host: string;
  /** Data port; 0 = any free one. */
  readonly port: number;
  /** Operations port; 0 = any free one. */
  readonly opsPort: number;
  /** Worker processes; 0 = everything in one process. `auto` is already resolved. */
  readonly workers: number;
  /** Largest request body taken, after decompression. */
  readonly maxBodyBytes: number;
  /** Deepest nesting of a request body taken. */
  readonly maxBodyDepth: number;
  /** Most images taken in one request. */
  readonly maxImages: number;
}

export interface RoutingSettings {
  /** The operator's layer. */
  readonly policy: PolicyRules;
  /** Makes weighted draws repeatable; `null` = a fresh draw per request. */
  readonly seed: number | null;
  /** Most models one request may name. */
  readonly maxModels: number;
  /** Most upstream attempts one request may cause. */
  readonly maxAttempts: number;
  readonly retryBudgets: RetryBudgets;
  readonly hedging: HedgingSettings;
  /** False = a provider that bills a cancelled request anyway is drained for a bounded time after the client is gone. */
  readonly cancelStopsBilling: boolean;
}

/** How many fallbacks are allowed relative to the traffic there is. */
export interface RetryBudgets {
  /** Fallbacks per tenant: a share of its requests in the window, and never fewer than the floor. */
  readonly tenant: { readonly ratio: number; readonly floor: number; readonly windowMs: number };
  /** Fallbacks running at once per provider: a share of its running requests, and never fewer than the floor. */
  readonly provider: { readonly ratio: number; readonly floor: number };
  /** A bucket of the process: what a fallback takes, and a success gives back. */
  readonly process: { readonly tokens: number; readonly cost: number };
}

/** Milliseconds. */
export interface GatewayTimeouts extends Timeouts {
  /** The client's request head. */
  readonly clientHeadersMs: number;
  /** The client's whole request body. */
  readonly clientBodyMs: number;
  /** How long a client connection may idle between requests. */
  readonly clientKeepAliveMs: number;
  /** How long a client may leave a full write buffer unread. */
  readonly clientStallMs: number;
  /** How long the status line waits for the first meaningful upstream event. */
  readonly headerHoldMs: number;
  /** One attempt of a request that does not stream. */
  readonly nonStreamMs: number;
  /** How long requests may run on after a stop was asked for. */
  readonly drainMs: number;
  /** Between not being ready any more and taking no more connections. */
  readonly drainDelayMs: number;
}

export interface TenantSettings {
  readonly id: string;
  readonly policy: PolicyRules | null;
  readonly limits: LimitRules | null;
}

/** A key with the limits that hold for it; as a `KeyRecord` it goes into the key ring. */
export interface KeySettings extends KeyRecord {
  readonly limits: LimitRules | null;
}

export const LIMIT_MODES = ['enforce', 'shadow', 'off'] as const;
/** `shadow` counts and reports but refuses nothing. */
export type LimitMode = (typeof LIMIT_MODES)[number];

export interface LimitSettings {
  readonly mode: LimitMode;
  /** True = while Redis is away nobody with a budget is served. */
  readonly strictBudgets: boolean;
}

export interface JournalSettings {
  /** What an acknowledged entry survives: the death of the process, or a power failure too. */
  readonly durability: 'process' | 'disk';
  /** With less free space than this no new request is taken. */
  readonly minFreeBytes: number;
}

/** Where budget alerts go. */
export interface AlertSettings {
  readonly url: string;
  readonly secret: string;
  /** Shares of a budget, ascending, without duplicates. */
  readonly thresholds: readonly number[];
}

/** Limits of one tenant or key; `null` = no limit in that dimension. */
export interface LimitRules {
  /** `null` = the deployment's mode. */
  readonly mode: LimitMode | null;
  readonly requestsPerMinute: number | null;
  readonly inputTokensPerMinute: number | null;
  readonly outputTokensPerMinute: number | null;
  readonly concurrency: number | null;
  /** Integer nano-USD per UTC day, UTC month, and for the life of the key or tenant. */
  readonly budgetNanoUsd: { readonly day: number | null; readonly month: number | null; readonly total: number | null };
}

export interface SecuritySettings {
  /** Keys every digest of a caller's secret; at least 32 bytes. */
  readonly pepper: Buffer;
  /** Encrypts credentials at rest; at least 32 bytes. */
  readonly encryptionKey: Buffer;
  /** Hosts and CIDR ranges that URLs from callers may reach although they are private. */
  readonly privateHosts: readonly string[];
  /** What a key may do whose entry says nothing. */
  readonly defaultPermissions: readonly Permission[];
  /** Compatibility flags of every key. */
  readonly compat: readonly CompatFlag[];
  /** True = `user` is sent upstream as a keyed hash. */
  readonly hashUser: boolean;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
