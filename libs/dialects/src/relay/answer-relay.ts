import { GatewayError, UpstreamError, isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Answer } from '@switchyard/conversation';
import type { AnswerContext, AnswerOrigin, AnswerSummary, Dialect, WriteContext } from '../dialect.js';
import { scanObject } from '../json/scan-object.js';
import { spliceObject } from '../json/splice-object.js';

/** Answers nest deeper than requests are allowed to (log probabilities, echoed schemas) but not without end. */
const ANSWER_DEPTH_MAX = 256;

export interface RelayedAnswer {
  readonly body: Buffer | string;
  readonly summary: AnswerSummary;
}

/**
 * The client's JSON answer made of the upstream's. Same dialect: the upstream's bytes with model, cost and routing
 * metadata spliced in. Throws `UpstreamError` when the body is an error, empty, or not the dialect.
 */
export function relayAnswer(
  client: Dialect,
  upstream: Dialect,
  bytes: Buffer,
  origin: AnswerOrigin,
  context: AnswerContext,
): RelayedAnswer {
  const json = parse(bytes);
  if (client.id !== upstream.id) {
    const answer = upstream.readAnswer(json, origin);
    const summary = summaryOf(answer);
    const costFields: WriteContext['costFields'] = (report) => context.costFields(report, summary.contentLength);
    return { body: JSON.stringify(client.writeAnswer(answer, { ...context, costFields })), summary };
  }
  const { edits, summary } = client.passAnswer(json, origin, context);
  return { body: splice(bytes, edits), summary };
}

function parse(bytes: Buffer): JsonObject {
  let json: unknown;
  try {
    json = parseJson(bytes.toString());
  } catch {
    throw notTheDialect(bytes.length === 0 ? 'an empty body' : 'a body that is not JSON');
  }
  if (!isJsonObject(json)) throw notTheDialect('JSON that is not an object');
  return json;
}

function splice(bytes: Buffer, edits: ReadonlyMap<string, JsonValue | undefined>): Buffer {
  try {
    return spliceObject(bytes, scanObject(bytes, { maxDepth: ANSWER_DEPTH_MAX }), edits);
  } catch (error) {
    if (error instanceof GatewayError) throw notTheDialect('JSON that is nested too deeply or holds forbidden keys');
    throw error;
  }
}

function notTheDialect(what: string): UpstreamError {
  return new UpstreamError({ class: 'invalid_answer', status: 200, message: `The upstream answered with ${what}.` });
}

function summaryOf(answer: Answer): AnswerSummary {
  return {
    usage: answer.usage,
    stopReason: answer.stopReason,
    upstreamModel: answer.upstreamModel,
    upstreamId: answer.upstreamId,
    serviceTier: answer.serviceTier ?? null,
    contentLength: answer.content.reduce((length, block) => length + blockLength(block), 0),
  };
}

function blockLength(block: Answer['content'][number]): number {
  switch (block.type) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return block.text.length;
    case 'tool-call':
      return block.name.length + block.arguments.length;
    default:
      return 0;
  }
}
