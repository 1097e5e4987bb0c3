import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { Canaries, everyRow, filesIn } from '../canaries.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { call, createKey } from '../operations.js';
import type { HttpAnswer } from '../operations.js';
import { RedisState } from '../redis-state.js';
import { until } from '../until.js';
import { Verdict } from '../verdict.js';

const TENANT = 'canary-tenant';
const KEY_ID = 'canary-key';
/** An alert is noticed by a job that runs every minute, and delivered by one that runs every ten seconds. */
const ALERT_MAX_MS = 90_000;

interface Secrets {
  readonly canaries: Canaries;
  readonly key: string;
  readonly admin: string;
  readonly pepper: string;
  readonly provider: string;
  readonly webhook: string;
}

/** Secrets and content go through everything that a gateway does, well and badly; then everything it wrote is searched. */
export async function canary({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const shared = await scan('canary with Redis and PostgreSQL', { program, isShared: true, awaitsAlert: false });
  const single = await scan('canary with SQLite', { program, isShared: false, awaitsAlert: !isQuick });
  return [shared, single];
}

interface ScanOptions extends Pick<ExperimentOptions, 'program'> {
  /** Limits in Redis and a ledger in PostgreSQL, rather than both in the gateway. */
  readonly isShared: boolean;
  /** Waits until a budget alert was delivered. */
  readonly awaitsAlert: boolean;
}

/** One deployment, searched for canaries. */
export async function scan(name: string, { program, isShared, awaitsAlert }: ScanOptions): Promise<Verdict> {
  const verdict = new Verdict(name);
  const secrets = newSecrets();
  const webhook = await startWebhook();
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: isShared ? [] : null, postgres: isShared },
    config: configOf(secrets, webhook.url),
  });
  const redis = isShared ? new RedisState(deployment.redis.url) : null;
  try {
    const search = new Search(deployment, secrets.canaries, redis);
    const refusals = await misuse(deployment, secrets);
    for (const [number, refusal] of refusals.entries()) search.look(`refusal ${number}`, refusal);
    await use(deployment, secrets);
    const open = leaveOpen(deployment, secrets);
    await until('a stream is open', async () =>
      (await deployment.upstream.look()).sightings.some(({ endedMs }) => endedMs === null),
    );
    await pause(1_500);
    await search.lookEverywhere('while a stream runs');
    await deployment.gateway.killWorker();
    await open;
    await deployment.gateway.whenReady();
    if (awaitsAlert) await until('an alert came', () => webhook.bodies.length > 0, ALERT_MAX_MS);
    await search.lookEverywhere('after a worker died');
    await deployment.gateway.stop();
    await search.lookEverywhere('in the end');
    for (const body of webhook.bodies) search.look('webhook', body);
    verdict.figure('alerts', webhook.bodies.length);
    judge(verdict, search, secrets, refusals.length);
  } finally {
    redis?.close();
    await webhook.close();
    await deployment.remove();
  }
  return verdict;
}

/** Searches what a deployment wrote. */
class Search {
  readonly hits: string[] = [];
  bytes = 0;
  /** Places where the id of the key was found, which may be anywhere: that it is found proves that the search finds. */
  readonly witnesses = new Set<string>();

  constructor(
    private readonly deployment: Deployment,
    private readonly canaries: Canaries,
    private readonly redis: RedisState | null,
  ) {}

  look(place: string, content: string | Buffer): void {
    this.bytes += Buffer.byteLength(content);
    this.hits.push(...this.canaries.in(place, content));
    if (Buffer.from(content).includes(KEY_ID)) this.witnesses.add(place.split(' ', 1).join(''));
  }

  async lookEverywhere(when: string): Promise<void> {
    const { gateway, databaseUrl } = this.deployment;
    this.look(`log ${when}`, gateway.log);
    for (const { path, bytes } of filesIn(gateway.dataDir)) this.look(`data ${path} ${when}`, bytes);
    const metrics = await call(`${gateway.ops}/metrics`, null).catch(() => null);
    if (metrics !== null) this.look(`metrics ${when}`, metrics.text);
    for (const line of (await this.redis?.everything()) ?? []) this.look(`redis ${line.slice(0, 80)} ${when}`, line);
    if (databaseUrl !== null) {
      for (const line of await everyRow(databaseUrl)) this.look(`database ${line.slice(0, 40)} ${when}`, line);
    }
  }
}

function newSecrets(): Secrets {
  const canaries = new Canaries();
  return {
    canaries,
    key: canaries.add('key of the configuration', 'sk-'),
    admin: canaries.add('key of the operator', 'sk-'),
    pepper: canaries.add('pepper', 'pepper-'),
    provider: canaries.add('credential of the provider', 'sk-'),
    webhook: canaries.add('secret of the webhook', 'whsec-'),
  };
}

function configOf(
  { key, admin, pepper, provider, webhook }: Secrets,
  webhookUrl: string,
): (upstreamUrl: string) => JsonObject {
  return (upstreamUrl) => {
    const credentials = [{ id: 'main', api_key: provider }];
    const price = { prompt: 1, completion: 4 };
    const model = (id: string, upstreamModel: string, host: string): JsonObject => ({
      id,
      context_length: 128_000,
      endpoints: [{ provider: host, upstream_model: upstreamModel, price, supported_parameters: ['tools'] }],
    });
    return {
      log: { level: 'debug' },
      security: { pepper },
      alerts: { url: webhookUrl, secret: webhook, thresholds: [0.01] },
      providers: [
        { id: 'host', dialect: 'openai-chat', base_url: `${upstreamUrl}/host/v1`, credentials },
        { id: 'other', dialect: 'anthropic-messages', base_url: `${upstreamUrl}/other`, credentials },
      ],
      models: [
        model(MODELS.quick, 'simulated-chat', 'host'),
        model('acme/messages', 'simulated-messages', 'other'),
        model(MODELS.slow, 'mock/tps:20', 'host'),
        model('acme/telltale', 'mock/echo_secret:401', 'host'),
        model('acme/blunt', 'mock/echo_secret:500', 'other'),
        model('acme/broken', 'mock/error_event:2', 'host'),
      ],
      tenants: [{ id: TENANT, limits: { budget_usd: { total: 0.01 }, requests_per_minute: 1_000, concurrency: 100 } }],
      keys: [
        { id: KEY_ID, tenant: TENANT, key },
        { id: 'canary-operator', key: admin, permissions: ['inference', 'explain', 'admin'] },
      ],
    };
  };
}

const PATHS = ['/v1/chat/completions', '/v1/messages'];

/** Everything that is refused, with what must not be repeated in the refusal. Answers head and body of each. */
async function misuse({ gateway: { url, ops } }: Deployment, { canaries, key }: Secrets): Promise<string[]> {
  const wrong = canaries.add('a wrong key', 'sk-');
  const prompt = canaries.add('prompt of a refused request');
  const query = canaries.add('a secret in the query');
  const body = (fields: JsonObject): string =>
    JSON.stringify({ max_tokens: 20, messages: [{ role: 'user', content: prompt }], ...fields });
  const posts: readonly (readonly [secret: string, body: string])[] = [
    [wrong, body({ model: MODELS.quick })],
    [key, `{"model": "${MODELS.quick}", "messages": [{"role": "user", "content": "${prompt}"`],
    [key, body({ model: 'acme/nothing' })],
    [key, body({ model: MODELS.quick, provider_only: ['nobody'] })],
    [key, body({ model: MODELS.quick, max_tokens: 'many' })],
    [key, body({ model: 'acme/telltale' })],
    [key, body({ model: 'acme/blunt' })],
  ];
  const answers: HttpAnswer[] = [];
  for (const path of PATHS) {
    for (const [secret, text] of posts) {
      answers.push(await call(`${url}${path}?api_key=${query}`, secret, { method: 'POST', body: text }));
    }
  }
  answers.push(await call(`${url}/v1/generation?id=${query}`, key));
  answers.push(await call(`${ops}/admin/v1/keys`, wrong));
  answers.push(await call(`${ops}/admin/v1/keys`, key));
  for (const { status, text } of answers) if (status < 400) throw new Error(`this was to be refused: ${text}`);
  return answers.map(({ status, headers, text }) => `${status} ${JSON.stringify([...headers])} ${text}`);
}

/** What goes well, and a stream that fails half-way. */
async function use({ gateway: { url, ops } }: Deployment, { canaries, key, admin }: Secrets): Promise<void> {
  const made = await createKey(ops, admin, { id: 'canary-made', tenant: TENANT });
  canaries.know('key made by the admin API', made.secret);
  await until('the new key is known', async () => (await call(`${url}/v1/models`, made.secret)).status === 200);
  for (const secret of [key, made.secret]) {
    for (const model of [MODELS.quick, 'acme/messages', 'acme/broken']) {
      for (const stream of [false, true]) {
        const chat = { model, stream, ...chatCanaries(canaries) };
        await call(`${url}/v1/chat/completions`, secret, { method: 'POST', body: JSON.stringify(chat) });
        const messages = {
          model,
          stream,
          max_tokens: 100,
          system: canaries.add('a system prompt'),
          messages: [{ role: 'user', content: canaries.add('a prompt') }],
        };
        await call(`${url}/v1/messages`, secret, { method: 'POST', body: JSON.stringify(messages) });
      }
    }
  }
  await call(`${ops}/admin/v1/usage`, admin);
}

/** The simulator repeats what a tool answered: so the answer has a canary, too. */
function chatCanaries(canaries: Canaries): JsonObject {
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'look_up', arguments: JSON.stringify({ q: canaries.add('arguments of a tool') }) },
  };
  return {
    max_tokens: 100,
    user: canaries.add('a user'),
    messages: [
      { role: 'system', content: canaries.add('a system prompt') },
      { role: 'user', content: canaries.add('a prompt') },
      { role: 'assistant', content: null, tool_calls: [call] },
      {
        role: 'tool',
        tool_call_id: 'call_1',
        content: canaries.add('what a tool answered, and the completion repeats'),
      },
    ],
  };
}

/** A stream that runs until its worker dies. */
async function leaveOpen({ gateway: { url } }: Deployment, { canaries, key }: Secrets): Promise<void> {
  const messages = [{ role: 'user', content: `Answer in 400 words. ${canaries.add('prompt of an open stream')}` }];
  const body = JSON.stringify({ model: MODELS.slow, stream: true, max_tokens: 600, messages });
  await call(`${url}/v1/chat/completions`, key, { method: 'POST', body }).catch(() => undefined);
}

function judge(verdict: Verdict, search: Search, { canaries }: Secrets, refusals: number): void {
  verdict.figure('canaries', canaries.count);
  verdict.figure('refusals', refusals);
  verdict.figure('searched_bytes', search.bytes);
  verdict.figure('witnesses', [...search.witnesses].sort().join(' '));
  for (const place of ['log', 'data'])
    verdict.expect(`the search found nothing at all in ${place}`, search.witnesses.has(place));
  verdict.same('hits', search.hits.length, 0);
  if (search.hits.length > 0) verdict.figure('found', search.hits.slice(0, 10));
}

interface Webhook {
  readonly url: string;
  readonly bodies: readonly string[];
  close(): Promise<void>;
}

async function startWebhook(): Promise<Webhook> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = JSON.stringify(request.headers);
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    bodies,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}
