import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Limits } from '@switchyard/limits';
import type { LimitsEvent } from '@switchyard/limits';
import { Journal } from '@switchyard/metering';
import { Metrics } from '@switchyard/telemetry';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { LedgerReader } from '../control/ledger-reader.js';
import { journalRoot } from './data-files.js';
import { DiskWatch } from './disk-watch.js';
import { openHealth } from './open-health.js';
import type { ProcessLog } from './process-log.js';
import type { ProcessServices } from './process-services.js';

/** How long a process waits for Redis before it serves without. */
const REDIS_WAIT_MS = 3_000;

/** Everything a process needs to serve requests. Throws what the file system throws: without a journal nothing is served. */
export async function openServices(
  config: GatewayConfig,
  log: ProcessLog,
  ledger: LedgerReader,
): Promise<ProcessServices> {
  const limits = openLimits(config, log, { isObserver: false });
  const directory = join(journalRoot(config.dataDir), `${Date.now().toString(36)}-${String(process.pid)}`);
  const journal = Journal.open({
    directory,
    durability: config.journal.durability,
    onFault: (error) => {
      log.logger.error({ err: error }, 'the journal cannot be written');
    },
  });
  const disk = watchDisk(config, log);
  await Promise.all([disk.look(), limits.whenReady(REDIS_WAIT_MS)]);
  const metrics = new Metrics();
  return { limits, journal, ledger, metrics, health: openHealth(config, log, metrics), disk };
}

/** To be called when no request runs any more. */
export async function closeServices({ limits, journal, disk }: ProcessServices): Promise<void> {
  disk.stop();
  await limits.close();
  await journal.close();
}

export function watchDisk({ dataDir, journal }: GatewayConfig, log: ProcessLog): DiskWatch {
  return new DiskWatch(journalRoot(dataDir), journal.minFreeBytes, (error) => {
    log.logger.warn({ err: error }, 'free space of the journal is not known');
  });
}

/** An observer settles and compares, and admits nothing. */
export function openLimits(
  config: GatewayConfig,
  log: ProcessLog,
  { isObserver }: { readonly isObserver: boolean },
): Limits {
  return Limits.open({
    redisUrl: config.redis?.url ?? null,
    isObserver,
    strictBudgets: config.limits.strictBudgets,
    instanceId: `${String(process.pid)}-${randomBytes(6).toString('hex')}`,
    onEvent: (event) => {
      logLimits(event, log);
    },
  });
}

function logLimits(event: LimitsEvent, { logger }: ProcessLog): void {
  const { type, ...details } = event;
  if (type === 'breaker' && event.cause === 'connected') logger.info('limits are shared over Redis');
  else logger.warn({ event: type, ...details }, 'limits');
}
