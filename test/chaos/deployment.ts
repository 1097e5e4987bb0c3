import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@switchyard/contract';
import { startPostgres } from '../testing/postgres.js';
import type { TestPostgres } from '../testing/postgres.js';
import { startRedis } from '../testing/redis.js';
import type { TestRedis } from '../testing/redis.js';
import { GatewayProcess } from './gateway-process.js';
import { spawnLogged } from './processes.js';
import { switchyard } from './programs.js';
import type { Program } from './programs.js';
import { UpstreamLink } from './upstream-link.js';

export const PROVIDER_SECRET = 'sk-upstream-of-the-experiments';
const PEPPER = 'pepper-of-the-experiments-0123456789abcdef';

/** Models by what their upstream does. The prices are odd, so that a rounding that is wrong anywhere shows. */
export const MODELS = {
  /** At once. */
  quick: 'acme/quick',
  /** A fifth of a second late. */
  late: 'acme/late',
  /** Twenty tokens a second: a stream stays open. */
  slow: 'acme/slow',
} as const;
const UPSTREAM_MODELS = { [MODELS.quick]: 'mock/ok', [MODELS.late]: 'mock/ttft:200', [MODELS.slow]: 'mock/tps:20' };

export interface DeploymentOptions {
  readonly program: Program;
  readonly gateways: number;
  /** Worker processes of each. */
  readonly workers: number;
  /** Options of redis-server; `null` = without Redis. */
  readonly redis: readonly string[] | null;
  /** Without PostgreSQL each gateway keeps a ledger of its own. */
  readonly postgres: boolean;
  /** Sections of the configuration: tenants, keys and what else is to be said; a function gets the base URL of the upstream. */
  readonly config: JsonObject | ((upstreamUrl: string) => JsonObject);
}

/** Gateways, the servers they share, and an upstream: processes on loopback that are known by their ids. */
export class Deployment {
  private static readonly running = new Set<Deployment>();
  private maintenance: ChildProcess | null = null;

  private constructor(
    readonly folder: string,
    readonly upstream: UpstreamLink,
    readonly gateways: readonly GatewayProcess[],
    private readonly servers: { readonly redis: TestRedis | null; readonly postgres: TestPostgres | null },
    /** Of the ledger that all share; `null` = each has its own. */
    readonly databaseUrl: string | null,
  ) {}

  /** Resolves once every gateway serves. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-chaos-'));
    const redis = options.redis === null ? null : await startRedis(options.redis);
    const postgres = options.postgres ? await startPostgres() : null;
    const databaseUrl = (await postgres?.createDatabase()) ?? null;
    const upstream = await UpstreamLink.start();
    const config: JsonObject = {
      ...models(upstream.url),
      security: { pepper: PEPPER },
      ...(redis !== null && { redis: { url: redis.url } }),
      ...(databaseUrl !== null && { database: { url: databaseUrl } }),
      ...(typeof options.config === 'function' ? options.config(upstream.url) : options.config),
    };
    const gateways = await Promise.all(
      Array.from({ length: options.gateways }, (_, number) => {
        const own = join(folder, `gateway-${number}`);
        mkdirSync(own);
        return GatewayProcess.create({ program: options.program, folder: own, workers: options.workers, config });
      }),
    );
    const deployment = new Deployment(folder, upstream, gateways, { redis, postgres }, databaseUrl);
    Deployment.running.add(deployment);
    try {
      await Promise.all(gateways.map((gateway) => gateway.start()));
    } catch (error) {
      await deployment.remove();
      throw error;
    }
    return deployment;
  }

  /** Of whatever is running when the experiments are broken off. */
  static async removeAll(): Promise<void> {
    await Promise.all([...Deployment.running].map((deployment) => deployment.remove()));
  }

  get gateway(): GatewayProcess {
    return this.gatewayAt(0);
  }

  get redis(): TestRedis {
    if (this.servers.redis === null) throw new Error('this deployment has no Redis');
    return this.servers.redis;
  }

  get postgres(): TestPostgres {
    if (this.servers.postgres === null) throw new Error('this deployment has no PostgreSQL');
    return this.servers.postgres;
  }

  /** One of the gateways, in turn. */
  gatewayAt(number: number): GatewayProcess {
    const gateway = this.gateways[number % this.gateways.length];
    if (gateway === undefined) throw new Error('a deployment has at least one gateway');
    return gateway;
  }

  /** Starts a process that does maintenance for all, as `switchyard worker` does. */
  startMaintenance(program: Program): void {
    const args = [...switchyard(program), 'worker', '--config', this.gateway.configFile];
    this.maintenance = spawnLogged(args, join(this.folder, 'worker.log'));
  }

  /** Stops the gateways as an operator does: everything they know is in the ledger and in Redis afterwards. */
  async stopGateways(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
  }

  /** Ends every process and removes what they wrote. */
  async remove(): Promise<void> {
    Deployment.running.delete(this);
    this.maintenance?.kill('SIGKILL');
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await Promise.all([this.upstream.stop(), this.servers.redis?.stop(), this.servers.postgres?.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function models(upstreamUrl: string): JsonObject {
  return {
    catalog: { builtin: false },
    routing: { seed: 42 },
    providers: [
      {
        id: 'host',
        dialect: 'openai-chat',
        base_url: `${upstreamUrl}/host/v1`,
        credentials: [{ id: 'main', api_key: PROVIDER_SECRET }],
      },
    ],
    models: Object.entries(UPSTREAM_MODELS).map(([id, upstreamModel]) => ({
      id,
      context_length: 128_000,
      max_output_tokens: 8_192,
      endpoints: [{ provider: 'host', upstream_model: upstreamModel, price: { prompt: 0.137, completion: 0.913 } }],
    })),
  };
}
