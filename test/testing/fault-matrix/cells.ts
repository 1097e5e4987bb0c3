import type { FailureClass, JsonObject } from '@switchyard/contract';
import { FAULT_TABLE, fateOf } from './fault-table.js';
import type { Fate, FaultRow, HostileMode, UpstreamDialect } from './fault-table.js';

type Client = 'messages' | 'chat';

/** One request through one fault. Each has an endpoint of its own, so that none sees another's harm. */
export interface Cell {
  readonly name: string;
  readonly row: FaultRow;
  readonly client: Client;
  readonly upstream: UpstreamDialect;
  readonly streams: boolean;
  /** A sound model is named as the second choice. */
  readonly hasFallback: boolean;
  readonly fate: Fate;
  readonly id: string;
  /** Shared with the other client's cell, unless the fault is one that harms a whole provider. */
  readonly providerId: string;
}

export const SOUND_MODEL = 'acme/sound';
const MAX_TOKENS = 64;
const BOTH = [false, true];
const DIALECTS = ['messages', 'chat'] as const;
const PRICE = { prompt: 1, completion: 2 };

export const modelOf = ({ id }: Cell): string => `acme/${id}`;
export const secretOf = ({ providerId }: Cell): string => `credential-${providerId}-0123456789abcdef`;

/** Failures that are the credential's. */
const CREDENTIAL_BOUND: readonly FailureClass[] = ['auth', 'billing', 'rate_limited'];

/** Each row of the table by each client, dialect, with and without streaming and with and without a second choice. */
export function allCells(rows: readonly FaultRow[] = FAULT_TABLE): readonly Cell[] {
  const kinds = DIALECTS.flatMap((client) =>
    DIALECTS.flatMap((upstream) =>
      BOTH.flatMap((streams) => BOTH.map((hasFallback) => ({ client, upstream, streams, hasFallback }))),
    ),
  );
  return rows.flatMap((row, place) =>
    kinds.map((kind, number) => {
      const { streams, upstream, hasFallback } = kind;
      const fate = fateOf(row, streams, upstream);
      const id = `f${String(place)}-${String(number)}`;
      const isAlone = fate.kind === 'failed' && CREDENTIAL_BOUND.includes(fate.failure);
      const providerId = isAlone ? id : `f${String(place)}-${upstream}-${String(streams)}-${String(hasFallback)}`;
      return { ...kind, row, name: nameOf(row, kind), fate, id, providerId };
    }),
  );
}

/** Sections `providers`, `models`, `routing` and `timeouts` of a configuration in which every cell has its place. */
export function configOf(
  cells: readonly Cell[],
  simulatorUrl: string,
  hostileUrls: Readonly<Record<HostileMode, string>>,
): JsonObject {
  const provider = (id: string, dialect: UpstreamDialect, base: string, secret: string): JsonObject => ({
    id,
    dialect: dialect === 'chat' ? 'openai-chat' : 'anthropic-messages',
    base_url: dialect === 'chat' ? `${base}/v1` : base,
    credentials: [{ id: 'main', api_key: secret }],
  });
  const model = (id: string, providerId: string, upstreamModel: string): JsonObject => ({
    id,
    endpoints: [{ provider: providerId, upstream_model: upstreamModel, price: PRICE }],
  });
  const baseOf = ({ row, providerId }: Cell): string =>
    row.isHostile ? hostileUrls[row.mode as HostileMode] : `${simulatorUrl}/${providerId}`;
  const owners = new Map(cells.map((cell) => [cell.providerId, cell]));
  return {
    catalog: { builtin: false },
    routing: { seed: 42, retry_budgets: GENEROUS_BUDGETS },
    timeouts: TIMEOUTS,
    providers: [
      provider('sound', 'chat', `${simulatorUrl}/sound`, 'credential-of-the-sound-one'),
      ...[...owners].map(([id, cell]) => provider(id, cell.upstream, baseOf(cell), secretOf(cell))),
    ],
    models: [
      model(SOUND_MODEL, 'sound', 'sound'),
      ...cells.map((cell) => model(modelOf(cell), cell.providerId, `mock/${cell.row.mode}`)),
    ],
  };
}

/** Short, but long enough for a busy machine. Seconds. */
const TIMEOUTS = {
  connect_s: 1.5,
  headers_s: 2,
  first_event_s: 3,
  first_event_reasoning_s: 3,
  idle_s: 2,
  progress_s: 2,
  pings_s: 1,
  non_stream_s: 3,
  total_s: 30,
};

/** Nearly every request here needs a second attempt. */
const GENEROUS_BUDGETS: JsonObject = {
  tenant: { ratio: 1, floor: 1_000_000 },
  provider: { ratio: 1, floor: 1_000_000 },
  process: { tokens: 1_000_000, cost: 1 },
};

export function pathOf({ client }: Cell): string {
  return client === 'messages' ? '/v1/messages' : '/v1/chat/completions';
}

export function bodyOf(cell: Cell): JsonObject {
  return {
    model: modelOf(cell),
    stream: cell.streams,
    max_tokens: cell.row.maxTokens ?? MAX_TOKENS,
    messages: [{ role: 'user', content: 'Hi' }],
    ...(cell.hasFallback && { models: [SOUND_MODEL] }),
  };
}

function nameOf(
  { mode }: FaultRow,
  { client, upstream, streams, hasFallback }: Omit<Cell, 'row' | 'name' | 'fate' | 'id' | 'providerId'>,
): string {
  const how = streams ? 'streamed' : 'whole';
  return `${mode} at ${upstream} for ${client}, ${how}, ${hasFallback ? 'with a second choice' : 'alone'}`;
}
