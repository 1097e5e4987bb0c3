import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZERO_USAGE } from '@switchyard/contract';
import { Database } from '@switchyard/database';
import { CredentialStore, CredentialVault, KeyRing, KeyStore } from '@switchyard/identity';
import { Ledger } from '@switchyard/metering';
import type { UsageRecord } from '@switchyard/metering';
import supertest from 'supertest';
import type { ConfigFault } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { loadConfig } from '../config/load-config.js';
import { allCallers } from '../config/stored-callers.js';
import { withStoredCredentials } from '../config/stored-credentials.js';
import type { UnusableCredential } from '../config/stored-credentials.js';
import { startOpsServer } from '../process/ops-server.js';
import type { OpsServer } from '../process/ops-server.js';
import type { ProcessLog } from '../process/process-log.js';
import type { ConfigStatus, OpsParts } from './ops-parts.js';

export const ADMIN_SECRET = 'sk-operator-0123456789';

const CONFIG = `
catalog: { builtin: false }
security: { pepper: "a pepper of at least thirty-two bytes" }
tenants:
  - { id: acme, policy: { zdr: true, max_price: { prompt: 1 } }, limits: { budget_usd: { day: 0.3 } } }
  - { id: beta }
keys:
  - { id: operator, tenant: acme, key: ${ADMIN_SECRET}, permissions: [admin] }
  - { id: ci, tenant: beta, key: sk-ci-0123456789, label: CI, compat: naga, expires_at: 2999-01-01T00:00:00Z, policy: { only: [groq], allow_fallbacks: false, preferred_min_throughput: 5 }, limits: { requests_per_minute: 5 } }
  - { id: expired, key: sk-expired-0123456789, permissions: [admin], expires_at: 2001-01-01 }
`;

/** The operations port of a gateway with an embedded database, as its supervisor runs it. */
export class OpsRig {
  readonly logged: unknown[] = [];
  isReady = true;
  isDatabaseReady = true;
  configStatus: ConfigStatus = {
    ...{ version: 1, hash: '0123456789abcdef', loadedAtMs: Date.UTC(2026, 0, 1), source: '/etc/switchyard.yaml' },
    ...{ notices: [], lastRefused: null },
  };
  configFaults: readonly ConfigFault[] = [];
  workers = 2;
  restarts = 0;
  changes = 0;
  flushes = 0;
  flushFault: Error | null = null;
  metrics: () => Promise<string> = () => Promise.resolve('# HELP up\nup 1\n');
  readonly credentials: CredentialStore;
  private unusable: readonly UnusableCredential[] = [];
  private ring: KeyRing;

  private constructor(
    readonly folder: string,
    readonly database: Database,
    readonly store: KeyStore,
    readonly ledger: Ledger,
    private readonly config: GatewayConfig,
  ) {
    this.ring = KeyRing.of(config.keys, config.security.pepper);
    this.credentials = new CredentialStore(database, new CredentialVault(config.security.encryptionKey));
  }

  private server: OpsServer | null = null;

  static async start(extraConfig = ''): Promise<OpsRig> {
    const text = `${CONFIG}${extraConfig}`;
    const { config } = loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' });
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-admin-'));
    const database = Database.open({ url: null, file: join(folder, 'ledger.sqlite') });
    await database.migrate();
    const store = new KeyStore(database, config.security.pepper);
    const rig = new OpsRig(folder, database, store, new Ledger(database), config);
    rig.server = await startOpsServer('127.0.0.1', 0, rig.parts());
    return rig;
  }

  async stop(): Promise<void> {
    await this.server?.close();
    await this.database.close();
    rmSync(this.folder, { recursive: true });
  }

  get url(): string {
    return this.server?.url ?? '';
  }

  get(path: string, secret: string | null = ADMIN_SECRET): supertest.Test {
    return this.send('get', path, secret);
  }

  post(path: string, body?: object): supertest.Test {
    const request = this.send('post', path);
    return body === undefined ? request : request.send(body);
  }

  patch(path: string, body: object): supertest.Test {
    return this.send('patch', path).send(body);
  }

  delete(path: string): supertest.Test {
    return this.send('delete', path);
  }

  /** True when a request to a model would be served with this secret. */
  opens(secret: string): boolean {
    try {
      this.ring.authenticate({ authorization: undefined, apiKey: secret });
      return true;
    } catch {
      return false;
    }
  }

  /** Every byte of the database's files, as text. */
  databaseText(): string {
    return readdirSync(this.folder)
      .map((file) => readFileSync(join(this.folder, file), 'latin1'))
      .join();
  }

  private send(method: 'get' | 'post' | 'patch' | 'delete', path: string, secret: string | null = ADMIN_SECRET) {
    const request = supertest(this.url)[method](path);
    return secret === null ? request : request.set('authorization', `Bearer ${secret}`);
  }

  private parts(): OpsParts {
    const write = (...line: unknown[]): void => {
      this.logged.push(line);
    };
    return {
      log: { logger: { info: write, warn: write, error: write } } as unknown as ProcessLog,
      isReady: () => this.isReady,
      config: () => this.config,
      keyRing: () => this.ring,
      configStatus: () => this.configStatus,
      reloadConfig: () => this.configFaults,
      restartWorkers: () => {
        this.restarts += 1;
        return this.workers;
      },
      identity: () => (this.isDatabaseReady ? this.store : null),
      credentials: () => (this.isDatabaseReady ? this.credentials : null),
      unusableCredentials: () => this.unusable,
      ledger: () => (this.isDatabaseReady ? this.ledger : null),
      flush: async () => {
        this.flushes += 1;
        if (this.flushFault !== null) throw this.flushFault;
      },
      identityChanged: async () => {
        this.changes += 1;
        const stored = await this.store.all();
        const { keys } = allCallers(this.config, stored);
        this.unusable = withStoredCredentials(this.config, stored).unusable;
        this.ring = KeyRing.of(keys, this.config.security.pepper);
      },
      metrics: () => this.metrics(),
    };
  }
}

export function usageRecord(number: number, change: Partial<UsageRecord> = {}): UsageRecord {
  return {
    id: number.toString(16).padStart(32, '0'),
    createdAtMs: Date.UTC(2026, 0, 1) + number * 1_000,
    tenant: 'acme',
    keyId: 'operator',
    protocol: 'chat',
    model: 'acme/m1',
    provider: 'groq',
    endpoint: 'groq',
    status: 'completed',
    streamed: true,
    finishReason: 'end',
    errorCode: null,
    usage: { ...ZERO_USAGE, uncachedInput: 10, cacheRead: 5, output: 3 },
    usageSource: 'upstream',
    images: 0,
    costNanoUsd: 1_001,
    costInputNanoUsd: 1_000,
    byokCostNanoUsd: null,
    costIncomplete: false,
    latencyMs: 12.5,
    firstTokenMs: 3,
    upstreamId: 'chatcmpl-x',
    priceVersion: 'v1',
    attempts: [{ model: 'acme/m1', provider: 'groq', endpoint: 'groq', status: 200, errorClass: null, latencyMs: 12 }],
    ...change,
  };
}
