import { isJsonObject } from '@switchyard/contract';
import type { DialectId, JsonObject, JsonValue, Provider } from '@switchyard/contract';
import {
  GeminiUsageReader,
  SseScanner,
  dialectOf,
  readConverseUsage,
  readResponsesUsage,
  relayAnswer,
  streamRelay,
} from '@switchyard/dialects';
import type { AnswerContext, AnswerOrigin } from '@switchyard/dialects';
import { judgeUsage } from '@switchyard/metering';
import type { JudgedUsage } from '@switchyard/contract';
import type { ReportedUsage } from '@switchyard/metering';
import { profileFor } from '@switchyard/providers';
import type { Shape } from './golden-case.js';

/** What is charged, by the way in which the usage was read: for a client of each protocol, or by the reader alone. */
export type Readings = Readonly<Record<string, JudgedUsage>>;

const CLIENTS: readonly DialectId[] = ['anthropic-messages', 'openai-chat'];

/** Length of the text in the answers of shapes that are not relayed. */
const TEXT_LENGTH = 5;

const READER = 'reader';
const wayFor = (client: DialectId): string => `for ${client}`;

const CONTEXT: AnswerContext = {
  generationId: 'g1',
  createdS: 1_700_000_000,
  publicModel: 'acme/m1',
  provider: 'host',
  origin: 'host',
  includeUsage: true,
  compatNaga: false,
  costFields: () => null,
  routing: null,
};

/** The ways in which a usage of this shape can be read. */
export function waysOf(shape: Shape): readonly string[] {
  return isRelayed(shape) ? CLIENTS.map(wayFor) : [READER];
}

/** Reads a JSON answer through everything that the gateway has for this shape. */
export function readAnswer(shape: Shape, host: string, answer: JsonObject): Readings {
  if (!isRelayed(shape)) return { [READER]: judge(readerOf(shape)([answer]), TEXT_LENGTH) };
  return byClient((client) => {
    const bytes = Buffer.from(JSON.stringify(answer));
    const { summary } = relayAnswer(dialectOf(client), dialectOf(shape), bytes, originOf(shape, host), CONTEXT);
    return judge(summary.usage, summary.contentLength);
  });
}

/** Reads a stream, given by its payloads, through everything that the gateway has for this shape. */
export function readStream(shape: Shape, host: string, payloads: readonly JsonObject[]): Readings {
  if (!isRelayed(shape)) return { [READER]: judge(readerOf(shape)(payloads), TEXT_LENGTH) };
  return byClient((client) => {
    const relay = streamRelay(dialectOf(client), dialectOf(shape), originOf(shape, host), CONTEXT);
    const scanner = new SseScanner();
    for (const frame of [...scanner.push(Buffer.from(sseOf(shape, payloads))), ...scanner.end()]) relay.pass(frame);
    if (!relay.progress.done) relay.end();
    return judge(relay.progress.usage, relay.progress.contentLength);
  });
}

function byClient(read: (client: DialectId) => JudgedUsage): Readings {
  return Object.fromEntries(CLIENTS.map((client) => [wayFor(client), read(client)]));
}

function judge(report: ReportedUsage, contentLength: number): JudgedUsage {
  return judgeUsage(report, {
    promptTokensEstimate: 7,
    contentLength,
    maxOutputTokens: null,
    choices: 1,
    broken: false,
  });
}

function isRelayed(shape: Shape): shape is DialectId {
  return CLIENTS.some((client) => client === shape);
}

function originOf(dialect: DialectId, host: string): AnswerOrigin {
  const provider: Provider = {
    id: host,
    name: host,
    dialect,
    baseUrl: 'http://127.0.0.1',
    credentials: [],
    needsCredential: false,
    dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
    profile: host,
    timeouts: {},
    headers: {},
  };
  return { origin: host, deviations: profileFor(provider).deviations, renamed: new Map() };
}

function sseOf(shape: DialectId, payloads: readonly JsonObject[]): string {
  const data = payloads.map((payload) => `data: ${JSON.stringify(payload)}\n\n`).join('');
  return shape === 'openai-chat' ? `${data}data: [DONE]\n\n` : data;
}

/** Shapes that only have a reader of their usage: from the payloads that may carry one. */
function readerOf(shape: Exclude<Shape, DialectId>): (payloads: readonly JsonObject[]) => ReportedUsage {
  switch (shape) {
    case 'gemini':
      return (payloads) => {
        const reader = new GeminiUsageReader();
        for (const payload of payloads) reader.read(payload['usageMetadata']);
        return reader.report();
      };
    case 'bedrock-converse':
      return (payloads) => readConverseUsage(lastUsage(payloads, 'metadata'));
    case 'openai-responses':
      return (payloads) => readResponsesUsage(lastUsage(payloads, 'response'));
  }
}

/** The last usage that is told, at the top of a payload or in this member. */
function lastUsage(payloads: readonly JsonObject[], member: string): JsonValue | undefined {
  const owners = payloads.flatMap((payload) => [payload, payload[member]]).filter(isJsonObject);
  return owners.map((owner) => owner['usage']).findLast(isJsonObject);
}
