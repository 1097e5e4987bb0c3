import type { JsonObject, JsonValue } from '@switchyard/contract';
import { outputTokensOf, slices, thinkingTokensOf, type Answer, type Part } from '../answer.js';
import type { Ask } from '../ask.js';
import { numberOf, objectOf, textOf } from '../json-access.js';
import { closing, content, structure, type Piece } from '../piece.js';
import type { Refusal } from '../refusal.js';
import type { AnswerIdentity, Oddities, Voice } from '../voice.js';
import { reasoningDeltas, reasoningOf, type ReasoningManner } from './reasoning.js';
import { refusalBody } from './refusals.js';

const ARGUMENT_CHARACTERS = 12;
const MAX_CHOICES = 8;
const TERMINATOR = 'data: [DONE]\n\n';
const REFUSAL_TEXT = "I'm sorry, but the simulator was told to refuse this request.";

const FINISH_REASONS = {
  end: 'stop',
  'max-tokens': 'length',
  'stop-sequence': 'stop',
  'tool-use': 'tool_calls',
  refusal: 'stop',
} as const;

/** What of the request, beyond the neutral ask, shapes the answer on the wire. */
interface Manner extends ReasoningManner {
  readonly choices: number;
  readonly logprobs: boolean;
  readonly streamUsage: boolean;
  /** What every chunk and the whole answer begin with. */
  readonly preamble: JsonObject;
}

/** Writes an answer as the Chat Completions API does, whole or as chunks. */
export function speakChat(body: JsonObject, ask: Ask, identity: AnswerIdentity): Voice {
  const manner: Manner = {
    choices: Math.min(Math.max(1, numberOf(body['n']) ?? 1), MAX_CHOICES),
    logprobs: body['logprobs'] === true,
    details: body['reasoning'] !== undefined,
    streamUsage: objectOf(body['stream_options'])['include_usage'] === true,
    preamble: {
      id: `chatcmpl-${identity.letters}`,
      created: identity.createdS,
      model: ask.model,
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
    },
  };
  return {
    json: (answer) => wholeCompletion(manner, answer),
    events: (answer) => chunks(manner, answer),
    oddities: oddities(manner),
  };
}

function wholeCompletion(manner: Manner, answer: Answer): JsonObject {
  return {
    object: 'chat.completion',
    ...manner.preamble,
    choices: Array.from({ length: manner.choices }, (_, index) => ({
      index,
      message: wholeMessage(manner, answer),
      logprobs: manner.logprobs ? logprobsOf(textOfParts(answer.parts)) : null,
      finish_reason: FINISH_REASONS[answer.stopReason],
    })),
    usage: distorted(answer, usageOf(manner, answer), 0),
  };
}

function wholeMessage(manner: Manner, answer: Answer): JsonObject {
  const text = textOfParts(answer.parts);
  const calls = callsOf(answer.parts).map((part) => ({ id: part.id, ...callBody(part, part.arguments) }));
  return {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || answer.stopReason === 'refusal') ? null : text,
    refusal: answer.stopReason === 'refusal' ? REFUSAL_TEXT : null,
    ...reasoningOf(answer.parts, manner),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    annotations: annotationsOf(answer.parts),
  };
}

function* chunks(manner: Manner, answer: Answer): Generator<Piece> {
  for (let index = 0; index < manner.choices; index += 1) yield* choiceChunks(manner, answer, index);
  if (manner.streamUsage) {
    const usage = distorted(answer, usageOf(manner, answer), 1);
    yield closing(frame({ ...chunkPreamble(manner), choices: [], ...(usage === undefined ? {} : { usage }) }));
  }
  yield closing(TERMINATOR);
}

function* choiceChunks(manner: Manner, answer: Answer, index: number): Generator<Piece> {
  const chunk = (delta: JsonObject, finish: string | null = null, logprobs: JsonValue = null): string =>
    frame({
      ...chunkPreamble(manner),
      choices: [{ index, delta, logprobs, finish_reason: finish }],
      ...(manner.streamUsage ? { usage: distorted(answer, null, 0) } : {}),
    });
  yield structure(chunk({ role: 'assistant', content: '', refusal: null }));
  let call = 0;
  for (const part of answer.parts) {
    if (part.type === 'tool-call') {
      yield* callChunks(part, call, answer.pieceCharacters, chunk);
      call += 1;
    } else if (part.type === 'text') {
      for (const text of slices(part.text, answer.pieceCharacters)) {
        yield content(chunk({ content: text }, null, manner.logprobs ? logprobsOf(text) : null), text.length / 4);
      }
      if (part.source !== undefined) yield content(chunk({ annotations: annotationsOf([part]) }));
    } else {
      for (const { delta, text } of reasoningDeltas(part, answer.pieceCharacters, manner)) {
        yield content(chunk(delta), text.length / 4);
      }
    }
  }
  if (answer.stopReason === 'refusal') yield content(chunk({ refusal: REFUSAL_TEXT }), REFUSAL_TEXT.length / 4);
  yield closing(chunk({}, FINISH_REASONS[answer.stopReason]));
}

type ToolCall = Extract<Part, { type: 'tool-call' }>;

function* callChunks(
  part: ToolCall,
  index: number,
  pieceCharacters: number | null,
  chunk: (delta: JsonObject) => string,
): Generator<Piece> {
  yield content(chunk({ tool_calls: [{ index, id: part.id, ...callBody(part, '') }] }));
  for (const text of slices(part.arguments, pieceCharacters ?? ARGUMENT_CHARACTERS)) {
    const body = part.kind === 'custom' ? { custom: { input: text } } : { function: { arguments: text } };
    yield content(chunk({ tool_calls: [{ index, ...body }] }), text.length / 4);
  }
}

function callBody(part: ToolCall, text: string): JsonObject {
  return part.kind === 'custom'
    ? { type: 'custom', custom: { name: part.name, input: text } }
    : { type: 'function', function: { name: part.name, arguments: text } };
}

function callsOf(parts: readonly Part[]): readonly ToolCall[] {
  return parts.filter((part) => part.type === 'tool-call');
}

function textOfParts(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

function annotationsOf(parts: readonly Part[]): readonly JsonObject[] {
  return parts.flatMap((part) =>
    part.type !== 'text' || part.source === undefined
      ? []
      : [
          {
            type: 'url_citation',
            url_citation: {
              start_index: 0,
              end_index: part.text.length,
              title: part.source.title,
              url: part.source.text,
            },
          },
        ],
  );
}

function logprobsOf(text: string): JsonObject {
  const tokens = [...slices(text, null)].map((token) => ({
    token,
    logprob: -0.25,
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  return { content: tokens, refusal: null };
}

/** Cached tokens are part of `prompt_tokens`, reasoning tokens part of `completion_tokens`. */
function usageOf(manner: Manner, answer: Answer): JsonObject {
  const { uncached, read } = answer.promptTokens;
  const promptTokens = uncached + read;
  const completionTokens = outputTokensOf(answer.parts) * manner.choices;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: read, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: thinkingTokensOf(answer.parts) * manner.choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function distorted<Usage extends JsonObject | null>(
  answer: Answer,
  usage: Usage,
  place: number,
): Usage | JsonObject | undefined {
  return usage === null || answer.distortUsage === undefined ? usage : answer.distortUsage(usage, place);
}

function chunkPreamble(manner: Manner): JsonObject {
  return { object: 'chat.completion.chunk', ...manner.preamble };
}

function frame(body: JsonObject): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}

function oddities(manner: Manner): Oddities {
  const delta = (body: JsonObject, preamble = chunkPreamble(manner)): string =>
    frame({ ...preamble, choices: [{ index: 0, delta: body, logprobs: null, finish_reason: null }] });
  return {
    ping: ': ping\n\n',
    unknown: [
      frame({ ...chunkPreamble(manner), choices: [], future_field: { a: [1, 2] } }),
      delta({ future_delta: 'x' }),
    ],
    malformed: 'data: {"id":"chatcmpl-broken","choices":[{"index":0,"delta":{"conte\n\n',
    text: (text) => delta({ content: text }),
    error: (refusal: Refusal) => frame(refusalBody(refusal)),
    secondStart: () =>
      delta({ role: 'assistant', content: '' }, { ...chunkPreamble(manner), id: `${textOf(manner.preamble['id'])}2` }),
    terminator: TERMINATOR,
  };
}
