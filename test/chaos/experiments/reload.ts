import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isJsonObject } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import type { GatewayProcess } from '../gateway-process.js';
import { call } from '../operations.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { Verdict, percentile } from '../verdict.js';
import { otherAnswers } from './answers.js';

const MEMBERS = 20;
const ADMIN_SECRET = 'sk-admin-of-the-reloads-0123456789';
const CHANGES = 100;
const BREATH_MS = 1_000;

/** A configuration as its file has it. */
type Text = string;

/** What is done to a sound configuration so that it is none any more; each in as many forms as there are numbers. */
const DAMAGES: readonly ((config: JsonObject, number: number) => Text)[] = [
  (config, number) => JSON.stringify(config).slice(0, -1 - number),
  (config, number) => `${JSON.stringify(config)}${'}'.repeat(1 + number)}`,
  (config, number) => JSON.stringify({ ...config, [`provider${number}`]: [] }),
  (config, number) => JSON.stringify({ ...config, timeouts: { connect_s: -number - 1 } }),
  (config, number) => JSON.stringify({ ...config, routing: { seed: `no number ${number}` } }),
  (config, number) => JSON.stringify({ ...config, routing: { policy: { onyl: [`p${number}`] } } }),
  (config, number) => JSON.stringify({ ...config, models: withModel(config, `acme/x${number}`, 'nobody') }),
  (config, number) => JSON.stringify({ ...config, keys: [{ id: `k${number}`, key: 'short' }] }),
  (config, number) =>
    JSON.stringify({ ...config, keys: [...listOf(config, 'keys'), ...listOf(config, 'keys')], number }),
  (config, number) => JSON.stringify({ ...config, database: { url: `mysql://h/${number}` } }),
  (config, number) => JSON.stringify({ ...config, data_dir: number }),
  (config, number) => JSON.stringify({ ...config, log: { level: `loud${number}` } }),
  (config, number) => JSON.stringify({ ...config, server: [number] }),
  (config, number) => JSON.stringify({ ...config, golden_requests: [golden(`acme/no-such-${number}`)] }),
  (config, number) => JSON.stringify({ ...config, routing: { policy: { only: [`nobody-${number}`] } } }),
  (config) => `# ${'x'.repeat(1024 * 1024)}\n${JSON.stringify(config)}`,
  (_config, number) =>
    `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: [${'*b,'.repeat(99 + number)}*b]\n`,
  (_config, number) => `- ${number}\n`,
];

/** What is changed in one that stays sound. */
const CHANGED: readonly ((config: JsonObject, number: number) => JsonObject)[] = [
  (config, number) => ({ ...config, models: withModel(config, `acme/new-${number}`, 'host') }),
  (config, number) => ({ ...config, routing: { seed: number } }),
  (config, number) => ({ ...config, timeouts: { drain_delay_s: 0, total_s: 300 + number } }),
  (config, number) => ({ ...config, tenants: [...listOf(config, 'tenants'), { id: `tenant-${number}` }] }),
];
/** A change of this kind gives a gateway new workers; two of them will do. */
const CHANGES_WORKERS = (config: JsonObject, number: number): JsonObject => ({
  ...config,
  timeouts: { drain_delay_s: 0, client_keep_alive_s: 60 + number },
});

/** Configurations that can be used and such that cannot, one after the other, in traffic. */
export async function reload({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('reloads in traffic');
  const crowd = crowdConfig(MEMBERS);
  const admin = { id: 'admin', key: ADMIN_SECRET, permissions: ['admin'] };
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 2, redis: [], postgres: false },
    config: {
      ...crowd,
      keys: [...listOf(crowd, 'keys'), admin],
      golden_requests: [golden(MODELS.quick)],
      // New workers and the load share the cores: that a gateway refuses what it has no time for is another promise.
      overload: { max_loop_delay_s: 10 },
    },
  });
  try {
    const { gateway } = deployment;
    const { url } = gateway;
    const traffic = new SteadyTraffic(isQuick ? 100 : 300, (number) => {
      return { url, secret: memberSecret(number % MEMBERS), tag: String(number), model: MODELS.quick };
    });
    await pause(BREATH_MS);
    await changeAgainAndAgain(gateway, verdict);
    await pause(BREATH_MS);
    const replies = await traffic.stop();
    verdict.figure('requests', replies.length);
    verdict.same('other_answers', otherAnswers(replies), '{}');
    verdict.same('refused_requests', replies.filter(({ status }) => status === 429).length, 0);
    const durationsMs = replies.map(({ startedMs, endedMs }) => endedMs - startedMs);
    verdict.figure('p99_ms', percentile(durationsMs, 0.99));
    verdict.figure('most_ms', Math.max(...durationsMs));
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

async function changeAgainAndAgain(gateway: GatewayProcess, verdict: Verdict): Promise<void> {
  const sound = JSON.parse(readFileSync(gateway.configFile, 'utf8')) as JsonObject;
  const wrong: string[] = [];
  let version = await versionOf(gateway);
  let refused = 0;
  let applied = 0;
  const change = async (text: Text, isSound: boolean): Promise<void> => {
    writeFileSync(gateway.configFile, text);
    const { status } = await call(`${gateway.ops}/admin/v1/config/reload`, ADMIN_SECRET, { method: 'POST' });
    const now = await versionOf(gateway);
    if (status === (isSound ? 200 : 400) && now === version + (isSound ? 1 : 0)) {
      applied += isSound ? 1 : 0;
      refused += isSound ? 0 : 1;
    } else wrong.push(`${status}, version ${version} to ${now}: ${text.slice(-200)}`);
    version = now;
  };
  for (let number = 0; number < CHANGES; number += 1) {
    const damage = DAMAGES[number % DAMAGES.length];
    const kind = number % 50 === 25 ? CHANGES_WORKERS : CHANGED[number % CHANGED.length];
    if (damage === undefined || kind === undefined) continue;
    await change(damage(sound, number), false);
    await change(JSON.stringify(kind(sound, number)), true);
  }
  verdict.same('refused', refused, CHANGES);
  verdict.same('applied', applied, CHANGES);
  if (wrong.length > 0) verdict.figure('examples', wrong.slice(0, 3));
  const { text } = await call(`${gateway.ops}/metrics`, null);
  verdict.same('version', Number(/^switchyard_config_version (\d+)/m.exec(text)?.[1]), CHANGES + 1);
}

async function versionOf({ ops }: GatewayProcess): Promise<number> {
  const { json } = await call(`${ops}/admin/v1/config`, ADMIN_SECRET);
  const { data } = json;
  return isJsonObject(data) ? Number(data['version']) : Number.NaN;
}

function golden(model: string): JsonObject {
  const body = { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] };
  return { name: 'smoke', key: 'member-0', body };
}

function withModel(config: JsonObject, id: string, provider: string): JsonObject[] {
  const price = { prompt: 1, completion: 1 };
  return [...listOf(config, 'models'), { id, endpoints: [{ provider, price }] }];
}

function listOf(config: JsonObject, name: string): JsonObject[] {
  return config[name] as JsonObject[];
}
