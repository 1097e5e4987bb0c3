import { setTimeout as pause } from 'node:timers/promises';
import { ask, load } from '../client.js';
import type { Ask, Reply } from '../client.js';
import { Deployment, MODELS, PROVIDER_SECRET } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';

const TENANT = 'slots';
const SECRET = 'sk-slots-0123456789';
const SLOTS = 20;
const CONNECTIONS = 30;
const MUTE = 'acme/mute';
const PATIENCE_MS = 20;
const LEASE_MS = 65_000;
const SETTLED_MS = 15_000;

/** Clients that go away, upstreams that never answer and workers that die, thousands of times: every slot is free in the end. */
export async function slotLeak({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('slots after clients left, upstreams were silent and workers died');
  const cycles = isQuick ? 400 : 5_000;
  const deployment = await Deployment.start({
    ...{ program, gateways: 2, workers: 2, redis: [], postgres: true },
    config: (upstreamUrl) => ({
      tenants: [{ id: TENANT, limits: { concurrency: SLOTS } }],
      keys: [{ id: 'slots', tenant: TENANT, key: SECRET }],
      providers: ['host', 'silent'].map((id) => ({
        ...{ id, dialect: 'openai-chat', base_url: `${upstreamUrl}/${id}/v1` },
        credentials: [{ id: 'main', api_key: PROVIDER_SECRET }],
        timeouts: id === 'silent' ? { headers_s: 0.2, total_s: 0.3 } : {},
      })),
      models: [
        { id: MODELS.quick, endpoints: [{ provider: 'host', upstream_model: 'mock/ok' }] },
        { id: MODELS.late, endpoints: [{ provider: 'host', upstream_model: 'mock/ttft:200' }] },
        { id: MUTE, endpoints: [{ provider: 'silent', upstream_model: 'mock/no_headers' }] },
      ].map((model) => ({ context_length: 128_000, ...model })),
    }),
  });
  const redis = new RedisState(deployment.redis.url);
  try {
    const replies = await misuse(deployment, { cycles, kills: isQuick ? 0 : 10 });
    const owner = `tenant:${TENANT}`;
    verdict.figure('cycles', replies.length);
    verdict.figure('answers', countsOf(replies));
    verdict.figure('taken_at_the_end', (await redis.slots(TENANT, owner)).length);
    const areFree = async (): Promise<boolean> => (await redis.slots(TENANT, owner)).length === 0;
    const maxMs = isQuick ? SETTLED_MS : LEASE_MS + SETTLED_MS;
    const freeMs = await until('all slots are free', areFree, maxMs).catch(() => null);
    verdict.figure('free_after_ms', freeMs === null ? null : rounded(freeMs));
    verdict.same('slots_taken', (await redis.slots(TENANT, owner)).length, 0);
    verdict.same('leases', (await redis.leases(TENANT)).length, 0);
    // And all of them can be used again.
    await Promise.all(deployment.gateways.map((gateway) => gateway.whenReady()));
    const again = await Promise.all(Array.from({ length: SLOTS }, (_, number) => ask(calmly(deployment, number))));
    verdict.same('usable', again.filter(({ status }) => status === 200).length, SLOTS);
  } finally {
    redis.close();
    await deployment.remove();
  }
  return [verdict];
}

function calmly(deployment: Deployment, number: number): Ask {
  const { url } = deployment.gatewayAt(number);
  return { url, secret: SECRET, tag: `slot-${number}`, model: MODELS.late };
}

/** Everything that ends a request but an answer, and now and then an answer. What was refused is no cycle. */
async function misuse(
  deployment: Deployment,
  { cycles, kills }: { readonly cycles: number; readonly kills: number },
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  let sent = 0;
  const next = (): Ask | null => {
    if (replies.length >= cycles) return null;
    const number = (sent += 1);
    const calm = calmly(deployment, number);
    const kinds: readonly Partial<Ask>[] = [
      { patienceMs: 1 + ((number * 13) % 250), stream: number % 2 === 0 },
      { model: MUTE, stream: number % 2 === 0 },
      { model: MODELS.quick, patienceMs: 1 + (number % 15) },
      { model: MODELS.quick },
      { model: MUTE, patienceMs: 1 + ((number * 7) % 180) },
    ];
    return { ...calm, ...kinds[number % kinds.length] };
  };
  let killed = 0;
  await load(CONNECTIONS, next, async (reply) => {
    if (reply.status === 429) await pause(PATIENCE_MS);
    else replies.push(reply);
    if (replies.length > ((killed + 1) * cycles) / (kills + 1) && killed < kills) {
      killed += 1;
      await deployment
        .gatewayAt(killed)
        .killWorker(0)
        .catch(() => undefined);
    }
  });
  return replies;
}

function countsOf(replies: readonly Reply[]): Record<string, number> {
  const groups = Map.groupBy(replies, ({ status, fault, errorCode }) => {
    if (status !== null) return `${status} ${errorCode ?? ''}`.trim();
    return fault ?? 'none';
  });
  return Object.fromEntries([...groups].map(([name, { length }]) => [name, length]));
}
