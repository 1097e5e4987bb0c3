import { createHash } from 'node:crypto';
import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Metrics } from '@switchyard/telemetry';
import type { ConfigStatus } from '../admin/ops-parts.js';
import { ConfigError } from '../config/config-error.js';
import type { ConfigFault, ConfigNotice } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { dryRun, strandedKeys } from '../config/golden-requests.js';
import type { LoadResult } from '../config/load-config.js';
import { IDENTITY_NOT_READ, loadedFrom } from '../control/runtime-state.js';
import type { KnownIdentity, Loaded } from '../control/runtime-state.js';
import { fixedSettings, loadSource, readSource } from './load-runtime.js';
import type { ConfigSource } from './load-runtime.js';
import type { ProcessLog } from './process-log.js';
import type { FixedSettings } from './worker-messages.js';

/** Editors write a file in several steps; one reload follows the last. */
const SETTLE_MS = 200;
const HASH_LENGTH = 16;
const UNJUDGED: ConfigFault = {
  path: '',
  line: null,
  value: 'something that could not be checked, see the log',
  expected: 'a configuration',
};
const EMPTY: ConfigFault = { path: '', line: null, value: 'an empty file', expected: 'the settings to go on with' };

export interface KeeperTools {
  readonly log: ProcessLog;
  readonly metrics: Metrics;
  /** Callers of the database, as far as they are known at the moment. */
  readonly identity: () => KnownIdentity;
  /** Called when another configuration is in force. */
  readonly onApplied: (next: GatewayConfig, before: GatewayConfig) => void;
}

/**
 * The configuration in force: read again when its file changes or somebody asks, checked as a whole, and replaced in one
 * step or not at all. Each one that comes into force has a version, one higher than the last.
 */
export class ConfigKeeper {
  /** What only a restart changes, as it was at the start. */
  readonly fixed: FixedSettings;
  private loaded: Loaded;
  private version = 1;
  private loadedAtMs = Date.now();
  private notices: readonly ConfigNotice[];
  private lastRefused: ConfigStatus['lastRefused'] = null;
  private watcher: FSWatcher | null = null;
  private settling: NodeJS.Timeout | null = null;

  constructor(
    private read: ConfigSource,
    { config, notices }: Pick<LoadResult, 'config' | 'notices'>,
    private readonly tools: KeeperTools,
  ) {
    this.fixed = fixedSettings(config);
    this.loaded = loadedFrom(config, IDENTITY_NOT_READ);
    this.notices = notices;
    tools.metrics.set('switchyard_config_version', {}, this.version);
  }

  get current(): Loaded {
    return this.loaded;
  }

  get source(): ConfigSource {
    return this.read;
  }

  /** Without any secret. */
  get status(): ConfigStatus {
    const { version, loadedAtMs, notices, lastRefused } = this;
    const hash = createHash('sha256').update(this.read.text ?? '');
    const source = this.read.path;
    return { version, hash: hash.digest('hex').slice(0, HASH_LENGTH), loadedAtMs, source, notices, lastRefused };
  }

  /** To be called once, before anything is served. Throws `ConfigError` when a golden request cannot be routed. */
  begin(): void {
    const { faults, notices } = dryRun(this.loaded);
    if (faults.length > 0) throw new ConfigError(this.read.path ?? 'the configuration', faults);
    this.tell([...this.notices, ...notices, ...strandedKeys(null, this.loaded)]);
  }

  /** The callers of the database were read. */
  identityRead(identity: KnownIdentity): Loaded {
    this.loaded = loadedFrom(this.loaded.written, identity);
    return this.loaded;
  }

  /** Reads the file again; a faulty one is reported and the one in force stays. Answers what is wrong with it. `cause` is for the log. */
  reload(cause: string): readonly ConfigFault[] {
    const source = readSource(this.read.path);
    if (source.path === null || source.text === this.read.text) return [];
    try {
      this.apply(source, cause);
      return [];
    } catch (error) {
      // A configuration that cannot even be judged is no reason to stop serving by the one there is.
      const faults = error instanceof ConfigError ? error.faults : [UNJUDGED];
      this.refuse(faults, cause, error);
      return faults;
    }
  }

  /** The folder is watched, not the file: editors and container mounts replace the file itself. */
  watch(): void {
    const { path } = this.read;
    if (path === null) return;
    this.watcher = watch(dirname(path), (_event, name) => {
      if (name === null || name === basename(path)) this.awaitRest(path);
    });
    this.watcher.on('error', (error) => {
      this.tools.log.logger.warn({ err: error }, 'changes of the configuration file are not seen any more');
    });
    // What changed between reading and watching was seen by neither.
    this.reload('file changed');
  }

  stop(): void {
    this.watcher?.close();
    if (this.settling !== null) clearTimeout(this.settling);
  }

  /** A file that was written to a moment ago may be half of one. */
  private awaitRest(path: string): void {
    if (this.settling !== null) clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      const ageMs = Date.now() - writtenAtMs(path);
      if (ageMs >= 0 && ageMs < SETTLE_MS) this.awaitRest(path);
      else this.reload('file changed');
    }, SETTLE_MS);
  }

  private apply(source: ConfigSource, cause: string): void {
    // An empty file would do at a start; in traffic it is one that is about to be written.
    if (source.text?.trim() === '') throw new ConfigError(source.path ?? '', [EMPTY]);
    const { config, notices } = loadSource(source);
    const before = this.loaded;
    const next = loadedFrom(config, this.tools.identity());
    const tried = dryRun(next);
    if (tried.faults.length > 0) throw new ConfigError(source.path ?? '', tried.faults);
    const told = [...notices, ...tried.notices, ...strandedKeys(before, next), ...this.fixedNotices(next.config)];
    this.read = source;
    this.loaded = next;
    this.version += 1;
    this.loadedAtMs = Date.now();
    this.tools.metrics.set('switchyard_config_version', {}, this.version);
    this.tools.metrics.add('switchyard_config_reloads_total', { result: 'applied' });
    this.tell(told);
    this.tools.onApplied(next.config, before.config);
    const { version } = this;
    this.tools.log.logger.info({ cause, version, catalog: config.catalog.version }, 'configuration reloaded');
  }

  private refuse(faults: readonly ConfigFault[], cause: string, error: unknown): void {
    this.lastRefused = { atMs: Date.now(), cause, faults };
    this.tools.metrics.add('switchyard_config_reloads_total', { result: 'refused' });
    const err = error instanceof ConfigError ? undefined : error;
    this.tools.log.logger.error({ cause, faults, err }, 'configuration refused, the old one stays');
  }

  private tell(notices: readonly ConfigNotice[]): void {
    this.notices = notices;
    for (const { path, message } of notices) this.tools.log.logger.warn({ path }, message);
  }

  private fixedNotices(next: GatewayConfig): readonly ConfigNotice[] {
    const { server, ...others } = this.fixed;
    const { server: nextServer, ...nextOthers } = fixedSettings(next);
    const pepper = (config: GatewayConfig): string => config.security.pepper.toString('base64');
    const pairs: readonly (readonly [path: string, fixed: unknown, next: unknown])[] = [
      ['server.host', server.host, nextServer.host],
      ['server.port', server.port, nextServer.port],
      ['server.ops_port', server.opsPort, nextServer.opsPort],
      ['server.workers', server.workers, nextServer.workers],
      ['redis', others.redis, nextOthers.redis],
      ['database', others.database, nextOthers.database],
      ['data_dir', others.dataDir, nextOthers.dataDir],
      ['security.pepper', pepper(this.loaded.config), pepper(next)],
    ];
    const changed = pairs.filter(([, fixed, other]) => JSON.stringify(fixed) !== JSON.stringify(other));
    return changed.map(([path]) => ({ path, message: 'a change here needs a restart' }));
  }
}

/** Unix milliseconds; 0 = it cannot be told. */
function writtenAtMs(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Whether a change concerns what a worker looks at only when it starts. */
export function needsNewWorkers(before: GatewayConfig, next: GatewayConfig): boolean {
  return JSON.stringify(lookedAtOnce(before)) !== JSON.stringify(lookedAtOnce(next));
}

function lookedAtOnce({ timeouts, journal, limits, overload, log }: GatewayConfig): readonly unknown[] {
  return [timeouts.clientHeadersMs, timeouts.clientKeepAliveMs, journal, limits.strictBudgets, overload, log];
}
