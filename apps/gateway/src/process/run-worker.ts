import 'reflect-metadata';
import type { Database } from '@switchyard/database';
import { KeyStore } from '@switchyard/identity';
import { Metrics } from '@switchyard/telemetry';
import { startWorker } from '../../../worker/src/index.js';
import type { LimitedGroup } from '../../../worker/src/index.js';
import { processEnvironment } from '../config/environment.js';
import { findConfig } from '../config/find-config.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { loadedFrom } from '../control/runtime-state.js';
import type { Loaded } from '../control/runtime-state.js';
import { budgetedGroups } from './budgeted-groups.js';
import { ledgerFile } from './data-files.js';
import { loadSource, readSource } from './load-runtime.js';
import type { ConfigSource } from './load-runtime.js';
import { HealthHub } from './health-hub.js';
import { ProbeRuntime } from './probe-runtime.js';
import { ProcessLog } from './process-log.js';

/**
 * `switchyard worker`: maintenance for all replicas that share Redis and database. Never returns; SIGTERM ends it. Throws
 * `ConfigError`, or an error that says what the configuration lacks.
 */
export async function runWorker({ configPath }: { readonly configPath: string | null }): Promise<void> {
  const followed = new FollowedConfig(readSource(findConfig(configPath, processEnvironment())));
  const { config } = followed.current;
  const { redis, database } = config;
  if (redis === null || database === null) {
    throw new Error(
      'a worker needs redis.url and database.url: without both, each gateway does its own maintenance and no worker is needed',
    );
  }
  const log = new ProcessLog(config.log.level, 'worker');
  const metrics = new Metrics();
  const hub = new HealthHub({ config, log, metrics, tell: () => undefined });
  hub.start();
  const refreshed = (): GatewayConfig => {
    const { config: next } = followed.refreshed();
    hub.configure(next);
    return next;
  };
  await startWorker({
    redisUrl: redis.url,
    database: { url: database.url, file: ledgerFile(config.dataDir) },
    settings: () => {
      const { alerts, retention } = refreshed();
      return { alerts, retention };
    },
    probes: new ProbeRuntime({ hub, config: refreshed, metrics, log }).probing,
    budgetedOwners: (opened) => budgetedOwners(opened, followed.refreshed()),
    log,
  });
}

async function budgetedOwners(database: Database, { config }: Loaded): Promise<readonly LimitedGroup[]> {
  const stored = await new KeyStore(database, config.security.pepper).all();
  return budgetedGroups(loadedFrom(config, { stored, isComplete: true }));
}

/** The configuration file as it is when it is needed; a faulty change is passed over, as the gateway does. */
class FollowedConfig {
  current: Loaded;

  constructor(private source: ConfigSource) {
    this.current = loadedFrom(loadSource(source).config);
  }

  refreshed(): Loaded {
    const source = readSource(this.source.path);
    if (source.text === null || source.text === this.source.text) return this.current;
    this.source = source;
    try {
      this.current = loadedFrom(loadSource(source).config);
    } catch {
      // The gateway reports the faults of its file.
    }
    return this.current;
  }
}
