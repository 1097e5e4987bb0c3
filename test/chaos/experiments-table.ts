import type { Experiment } from './experiment.js';
import { accuracy } from './experiments/accuracy.js';
import { budgetRace } from './experiments/budget-race.js';
import { boot } from './experiments/boot.js';
import { canary } from './experiments/canary.js';
import { disconnects } from './experiments/disconnects.js';
import { faultMatrix } from './experiments/fault-matrix.js';
import { killGateway, killWorker } from './experiments/kill-gateway.js';
import { killPostgres } from './experiments/kill-postgres.js';
import { killRedis } from './experiments/kill-redis.js';
import { redisFlapping } from './experiments/redis-flapping.js';
import { leak } from './experiments/leak.js';
import { soak } from './experiments/soak.js';
import { reload } from './experiments/reload.js';
import { retryStorm } from './experiments/retry-storm.js';
import { ssrf } from './experiments/ssrf.js';
import { stop } from './experiments/stop.js';
import { outlier } from './experiments/outlier.js';
import { overload } from './experiments/overload.js';
import { rawRequests } from './experiments/raw-requests.js';
import { slowReaders } from './experiments/slow-readers.js';
import { slowloris } from './experiments/slowloris.js';
import { sums } from './experiments/sums.js';
import { clockSkew } from './experiments/clock-skew.js';
import { crossTenant } from './experiments/cross-tenant.js';
import { diskFull } from './experiments/disk-full.js';
import { redisFailover } from './experiments/redis-failover.js';
import { redisFull } from './experiments/redis-full.js';
import { slotLeak } from './experiments/slot-leak.js';
import { workerJobs } from './experiments/worker-jobs.js';

/** By the names that `npm run chaos` takes, in the order in which it runs them. */
export const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  accuracy,
  'budget-race': budgetRace,
  'fault-matrix': faultMatrix,
  disconnects,
  'kill-worker': killWorker,
  'kill-gateway': killGateway,
  outlier,
  'retry-storm': retryStorm,
  sums,
  canary,
  ssrf,
  stop,
  reload,
  boot,
  'kill-redis': killRedis,
  'kill-postgres': killPostgres,
  'redis-flapping': redisFlapping,
  'raw-requests': rawRequests,
  slowloris,
  'slow-readers': slowReaders,
  overload,
  'redis-full': redisFull,
  'redis-failover': redisFailover,
  'clock-skew': clockSkew,
  'disk-full': diskFull,
  'slot-leak': slotLeak,
  'worker-jobs': workerJobs,
  'cross-tenant': crossTenant,
  leak,
  soak,
};
