import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
import { ProxyLink } from './proxy-link.js';
import { UpstreamLink } from './upstream-link.js';

export const PROVIDER_SECRET = 'sk-upstream-of-the-experiments';
/** What is late because its machine is shared refuses nobody, but where that is what is tried out. */
const UNHURRIED = { max_loop_delay_s: 5 };
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
  /** True: the gateways reach Redis and PostgreSQL through proxies, which can be made a bad network. */
  readonly isProxied?: boolean;
  /** Flags of Node for the gateway of this number; none when absent. */
  readonly nodeFlags?: (gateway: number) => readonly string[];
  /** Called with every gateway's folder for data before it starts. */
  readonly prepare?: (dataDir: string) => void;
}

interface Servers {
  readonly redis: TestRedis | null;
  readonly postgres: TestPostgres | null;
  readonly redisProxy: ProxyLink | null;
  readonly postgresProxy: ProxyLink | null;
}

/** Gateways, the servers they share, and an upstream: processes on loopback that are known by their ids. */
export class Deployment {
  private static readonly running = new Set<Deployment>();
  private readonly maintenance = new Set<ChildProcess>();

  private constructor(
    readonly folder: string,
    readonly upstream: UpstreamLink,
    readonly gateways: readonly GatewayProcess[],
    private readonly servers: Servers,
    /** Of the ledger that all share; `null` = each has its own. */
    readonly databaseUrl: string | null,
  ) {}

  /** Resolves once every gateway serves. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-chaos-'));
    const servers = await startServers(options);
    const databaseUrl = (await servers.postgres?.createDatabase()) ?? null;
    const upstream = await UpstreamLink.start();
    const config = configOf(options, { servers, databaseUrl, upstreamUrl: upstream.url });
    const { program, workers, nodeFlags, prepare } = options;
    const gateways = await Promise.all(
      Array.from({ length: options.gateways }, async (_, number) => {
        const own = join(folder, `gateway-${number}`);
        mkdirSync(own);
        const flags = nodeFlags?.(number) ?? [];
        const gateway = await GatewayProcess.create({ program, folder: own, workers, config, nodeFlags: flags });
        prepare?.(gateway.dataDir);
        return gateway;
      }),
    );
    const deployment = new Deployment(folder, upstream, gateways, servers, databaseUrl);
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

  /** The network between the gateways and Redis. */
  get redisProxy(): ProxyLink {
    if (this.servers.redisProxy === null) throw new Error('this deployment has no proxy before Redis');
    return this.servers.redisProxy;
  }

  /** The network between the gateways and PostgreSQL. */
  get postgresProxy(): ProxyLink {
    if (this.servers.postgresProxy === null) throw new Error('this deployment has no proxy before PostgreSQL');
    return this.servers.postgresProxy;
  }

  /** One of the gateways, in turn. */
  gatewayAt(number: number): GatewayProcess {
    const gateway = this.gateways[number % this.gateways.length];
    if (gateway === undefined) throw new Error('a deployment has at least one gateway');
    return gateway;
  }

  /** Starts a process that does maintenance for all, as `switchyard worker` does. */
  startMaintenance(program: Program): ChildProcess {
    const args = [...switchyard(program), 'worker', '--config', this.gateway.configFile];
    const child = spawnLogged(args, join(this.folder, 'worker.log'));
    this.maintenance.add(child);
    child.once('exit', () => this.maintenance.delete(child));
    return child;
  }

  /** Everything that maintenance ever wrote to its outputs. */
  get maintenanceLog(): string {
    return readFileSync(join(this.folder, 'worker.log'), 'utf8');
  }

  /** Stops the gateways as an operator does: everything they know is in the ledger and in Redis afterwards. */
  async stopGateways(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
  }

  /** Ends every process and removes what they wrote. */
  async remove(): Promise<void> {
    Deployment.running.delete(this);
    for (const child of this.maintenance) child.kill('SIGKILL');
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await Promise.all([this.upstream.stop(), ...Object.values(this.servers).map((server) => server?.stop())]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function startServers(options: DeploymentOptions): Promise<Servers> {
  const redis = options.redis === null ? null : await startRedis(options.redis);
  const postgres = options.postgres ? await startPostgres() : null;
  const before = (server: { readonly port: number } | null): Promise<ProxyLink> | null =>
    options.isProxied === true && server !== null ? ProxyLink.start(server.port) : null;
  return { redis, postgres, redisProxy: await before(redis), postgresProxy: await before(postgres) };
}

interface Surroundings {
  readonly servers: Servers;
  readonly databaseUrl: string | null;
  readonly upstreamUrl: string;
}

function configOf({ config }: DeploymentOptions, { servers, databaseUrl, upstreamUrl }: Surroundings): JsonObject {
  const { redis, redisProxy, postgresProxy } = servers;
  const through = (url: string, proxy: ProxyLink | null): string => {
    const there = new URL(url);
    if (proxy !== null) there.port = String(proxy.port);
    return there.href;
  };
  return {
    ...models(upstreamUrl),
    security: { pepper: PEPPER },
    overload: UNHURRIED,
    ...(redis !== null && { redis: { url: through(redis.url, redisProxy) } }),
    ...(databaseUrl !== null && { database: { url: through(databaseUrl, postgresProxy) } }),
    ...(typeof config === 'function' ? config(upstreamUrl) : config),
  };
}

function models(upstreamUrl: string): JsonObject {
  return {
    catalog: { builtin: false },
    routing: { seed: 42 },
    // Nothing balances the load before these gateways.
    timeouts: { drain_delay_s: 0 },
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
