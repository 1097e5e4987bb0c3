import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { taggedPrompt } from './sightings.js';

/** One request of a client. */
export interface Ask {
  /** Base URL of a gateway's data port. */
  readonly url: string;
  readonly secret: string;
  /** Names the request in the prompt, so that the upstream can say that it saw it. */
  readonly tag: string;
  readonly model: string;
  readonly stream?: boolean;
  readonly maxTokens?: number;
  /** Words that the simulator answers with. */
  readonly words?: number;
  /** Characters that the prompt is made longer by. */
  readonly padding?: number;
  readonly protocol?: 'chat' | 'messages';
  /** How long the client waits for the whole answer before it goes away; `ANSWER_MAX_MS` when absent. */
  readonly patienceMs?: number;
  /** What to send instead of what the fields above make of it. */
  readonly body?: JsonObject;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the client saw of the answer. */
export interface Reply {
  readonly tag: string;
  /** `null` = no head came. */
  readonly status: number | null;
  /** 32 hexadecimal digits, by which the ledger knows the request; `null` = not told. */
  readonly id: string | null;
  /** The whole answer arrived, with its end as the protocol marks it. */
  readonly isWhole: boolean;
  /** The cost that the client was told, integer nano-USD; `null` = none. */
  readonly costNanoUsd: number | null;
  /** Code (Chat Completions) or type (Messages) of the error that the client was told, in the body or in the stream. */
  readonly errorCode: string | null;
  /** Whole seconds of `retry-after`; `null` = none. */
  readonly retryAfterS: number | null;
  /** What `x-should-retry` says; `null` = nothing. */
  readonly shouldRetry: boolean | null;
  /** What the connection failed with; `null` = it did not. */
  readonly fault: string | null;
  /** Unix milliseconds. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
/** What a client waits at most. */
export const ANSWER_MAX_MS = 60_000;
const NANO_PER_USD = 1e9;
const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;
const ENDS = { chat: 'data: [DONE]', messages: 'event: message_stop' } as const;

/** Watches an answer while it comes. */
export type Progress = (text: string) => void;

/** Asks a gateway. Never rejects: an answer that does not come is what many experiments are about. */
export function ask(what: Ask, onText: Progress = () => undefined): Promise<Reply> {
  const startedMs = Date.now();
  const seen = {
    status: null as number | null,
    id: null as string | null,
    text: '',
    retryAfterS: null as number | null,
    shouldRetry: null as boolean | null,
  };
  return new Promise((resolve) => {
    const end = (fault: string | null): void => {
      resolve(replyOf(what, { ...seen, fault }, startedMs));
    };
    const broken = ({ code, name }: NodeJS.ErrnoException): void => {
      end(code ?? name);
    };
    const sent = request(
      `${what.url}${PATHS[what.protocol ?? 'chat']}`,
      {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${what.secret}`, 'content-type': 'application/json', ...what.headers },
        signal: AbortSignal.timeout(what.patienceMs ?? ANSWER_MAX_MS),
      },
      (answer) => {
        seen.status = answer.statusCode ?? null;
        seen.id = idOf(answer);
        seen.retryAfterS = 'retry-after' in answer.headers ? Number(answer.headers['retry-after']) : null;
        seen.shouldRetry = 'x-should-retry' in answer.headers ? answer.headers['x-should-retry'] === 'true' : null;
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => {
          seen.text += text;
          onText(text);
        });
        answer.on('end', () => {
          end(null);
        });
        answer.on('error', broken);
      },
    );
    sent.on('error', broken);
    sent.end(JSON.stringify(what.body ?? bodyOf(what)));
  });
}

export function bodyOf({ tag, model, stream, maxTokens, words, padding, protocol }: Ask): JsonObject {
  const prompt = taggedPrompt(tag, `Please answer in ${words ?? 20} words. ${'yard '.repeat((padding ?? 0) / 5)}`);
  return {
    model,
    max_tokens: maxTokens ?? 100,
    messages: [{ role: 'user', content: prompt }],
    ...(stream === true && { stream: true }),
    ...(stream === true && protocol !== 'messages' && { stream_options: { include_usage: true } }),
  };
}

/** Keeps so many requests open at once until `next` answers `null`, and resolves with what became of all. */
export async function load(
  connections: number,
  next: () => Ask | null,
  onReply: (reply: Reply) => Promise<void> | void,
): Promise<void> {
  const connection = async (): Promise<void> => {
    for (let what = next(); what !== null; what = next()) await onReply(await ask(what));
  };
  await Promise.all(Array.from({ length: connections }, connection));
}

function idOf({ headers }: IncomingMessage): string | null {
  const id = headers['x-request-id'];
  return typeof id === 'string' ? id.replace(/^req_/, '') : null;
}

function replyOf(
  { tag, stream, protocol = 'chat' }: Ask,
  {
    status,
    id,
    text,
    retryAfterS,
    shouldRetry,
    fault,
  }: Pick<Reply, 'status' | 'id' | 'text' | 'retryAfterS' | 'shouldRetry' | 'fault'>,
  startedMs: number,
): Reply {
  const parts = stream === true && status === 200 ? eventsIn(text) : [objectOf(text)];
  const errors = parts.map((part) => part['error']).filter((error) => isJsonObject(error));
  const costs = parts.map((part) => usageCost(part)).filter((cost) => cost !== null);
  const isWhole = fault === null && status === 200 && (stream !== true || text.includes(ENDS[protocol]));
  const code = errors[0]?.['code'] ?? errors[0]?.['type'];
  return {
    ...{ tag, status, id, isWhole, startedMs, endedMs: Date.now(), text, retryAfterS, shouldRetry, fault },
    costNanoUsd: costs.at(-1) ?? null,
    errorCode: typeof code === 'string' ? code : null,
  };
}

function usageCost({ usage }: JsonObject): number | null {
  const cost = isJsonObject(usage) ? usage['cost'] : undefined;
  return typeof cost === 'number' ? Math.round(cost * NANO_PER_USD) : null;
}

/** The events of a stream that are whole. */
function eventsIn(text: string): JsonObject[] {
  const lines = text.split('\n').filter((line) => line.startsWith('data: {'));
  return lines.map((line) => objectOf(line.slice('data: '.length)));
}

/** `{}` for a text that breaks off. */
function objectOf(text: string): JsonObject {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
