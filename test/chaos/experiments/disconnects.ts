import type { JsonObject } from '@switchyard/contract';
import { leave } from '../../testing/leaving-client.js';
import type { Left } from '../../testing/leaving-client.js';
import { Books, doubles } from '../books.js';
import type { Row } from '../books.js';
import { bodyOf } from '../client.js';
import { memberId, memberSecret } from '../crowd.js';
import { Deployment, PROVIDER_SECRET } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import type { Sighting } from '../sightings.js';
import { until } from '../until.js';
import { Verdict, percentile, rounded } from '../verdict.js';

const AT_ONCE = 24;
/** About as long as an answer takes: few clients see the end of theirs. */
const STAY_MAX_MS = 900;
const WORDS = 30;
/** The first ones meet a gateway that has just started, and are not timed. */
const COLD = 2 * AT_ONCE;
const ABORT_MAX_MS = 100;
/** Of few clients a hundredth is one or two, which any stall of the machine can be. */
const QUICK_SHARE = 0.95;
const SHARE = 0.99;
const OFF_MAX = 0.05;
const KINDS = [
  { path: '/v1/messages', protocol: 'messages', stream: true },
  { path: '/v1/chat/completions', protocol: 'chat', stream: true },
  { path: '/v1/messages', protocol: 'messages', stream: false },
  { path: '/v1/chat/completions', protocol: 'chat', stream: false },
] as const;
const MODELS = ['acme/messages', 'acme/chat'] as const;

interface Departure {
  readonly member: number;
  readonly stream: boolean;
  readonly left: Left;
}

/** Clients that leave at any time, each with a key of its own, so that a record can be told from every other. */
export async function disconnects({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('disconnects');
  const size = isQuick ? 200 : 2_000;
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: (upstreamUrl) => configOf(size, upstreamUrl),
  });
  try {
    const departures = await departAll(size, deployment);
    await until('the upstream has nothing left to do', async () =>
      (await deployment.upstream.look()).sightings.every(({ endedMs }) => endedMs !== null),
    );
    const { sightings } = await deployment.upstream.look();
    await deployment.gateway.stop();
    const books = Books.of(deployment);
    const rows = await books.rows();
    await books.close();
    judge(verdict, isQuick ? QUICK_SHARE : SHARE, { departures, sightings, rows });
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

function configOf(size: number, upstreamUrl: string): JsonObject {
  const credentials = [{ id: 'main', api_key: PROVIDER_SECRET }];
  const model = (id: string, provider: string): JsonObject => ({
    id,
    endpoints: [{ provider, upstream_model: 'mock/tps:60', price: { prompt: 0.137, completion: 0.913 } }],
  });
  return {
    providers: [
      { id: 'chat', dialect: 'openai-chat', base_url: `${upstreamUrl}/chat/v1`, credentials },
      { id: 'messages', dialect: 'anthropic-messages', base_url: `${upstreamUrl}/messages`, credentials },
    ],
    models: [model('acme/chat', 'chat'), model('acme/messages', 'messages')],
    keys: Array.from({ length: size }, (_, member) => ({ id: memberId(member), key: memberSecret(member) })),
  };
}

async function departAll(size: number, { gateway }: Deployment): Promise<readonly Departure[]> {
  const departures: Departure[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let member = next++; member < size; member = next++) {
      const { path, protocol, stream } = KINDS[member % KINDS.length] ?? KINDS[0];
      const model = MODELS[Math.floor(member / KINDS.length) % MODELS.length] ?? MODELS[0];
      const { url } = gateway;
      const secret = memberSecret(member);
      const body = bodyOf({ url, secret, tag: `0-${String(member)}`, model, stream, words: WORDS, protocol });
      const how = Math.random() < 0.5 ? 'fin' : 'reset';
      const left = await leave({ url, secret, path, body, how, afterMs: Math.random() * STAY_MAX_MS });
      departures.push({ member, stream, left });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return departures;
}

interface Evidence {
  readonly departures: readonly Departure[];
  readonly sightings: readonly Sighting[];
  readonly rows: readonly Row[];
}

/** `share`: of the upstreams, which are to be let go in time. */
function judge(verdict: Verdict, share: number, { departures, sightings, rows }: Evidence): void {
  const seen = new Map(sightings.map((sighting) => [sighting.tag, sighting]));
  const records = Map.groupBy(rows, ({ keyId }) => keyId);
  const found = departures.map((departure) => ({
    ...departure,
    sighting: seen.get(`0-${String(departure.member)}`),
    records: records.get(memberId(departure.member)) ?? [],
  }));
  const reached = found.filter(({ sighting }) => sighting !== undefined);
  verdict.figure('requests', departures.length);
  verdict.figure('reached_the_upstream', reached.length);

  const aborts = reached.flatMap(({ member, left, sighting }) =>
    member >= COLD && sighting?.isAborted === true && left.leftMs !== null
      ? [(sighting.endedMs ?? 0) - left.leftMs]
      : [],
  );
  verdict.figure('aborts_timed', aborts.length);
  verdict.figure('abort_p50_ms', rounded(percentile(aborts, 0.5), 1));
  verdict.figure('abort_p99_ms', rounded(percentile(aborts, 0.99), 1));
  verdict.figure('abort_max_ms', rounded(Math.max(0, ...aborts), 1));
  verdict.expect('upstreams are let go in time', percentile(aborts, share) <= ABORT_MAX_MS);
  const goesOn = reached.filter(({ left, sighting }) => left.leftMs !== null && sighting?.isAborted === false);
  verdict.figure('ended_as_the_client_left', goesOn.length);

  verdict.same('lost_records', reached.filter((one) => one.records.length === 0).length, 0);
  verdict.same('double_records', found.filter((one) => one.records.length > 1).length + doubles(rows).length, 0);
  judgeBills(
    verdict,
    reached.flatMap(({ stream, sighting, records: [row] }) =>
      stream && sighting !== undefined && row !== undefined ? [{ truth: sighting.tokens, row }] : [],
    ),
  );
}

/** What an upstream reported is billed to the token; what it had no time to report is estimated, and says so. */
function judgeBills(verdict: Verdict, bills: readonly { readonly truth: number; readonly row: Row }[]): void {
  const isOff = ({ truth, row }: (typeof bills)[number]): boolean =>
    Math.abs(row.outputTokens - truth) > Math.max(1, truth * OFF_MAX);
  const off = bills.filter(isOff);
  const sum = (of: (bill: (typeof bills)[number]) => number): number =>
    bills.reduce((total, bill) => total + of(bill), 0);
  verdict.figure('tokens_written', rounded(sum(({ truth }) => truth)));
  verdict.figure(
    'tokens_billed',
    sum(({ row }) => row.outputTokens),
  );
  verdict.figure('bills_estimated', bills.filter(({ row }) => row.isEstimate).length);
  verdict.same('bills_off_and_not_estimated', off.filter(({ row }) => !row.isEstimate).length, 0);
}
