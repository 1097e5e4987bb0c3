import type { JsonObject } from '@switchyard/contract';
import { outputTokensOf, slices, thinkingTokensOf, tokensOfPart, type Answer, type Part } from '../answer.js';
import type { Ask, CitedSource } from '../ask.js';
import { textOf } from '../json-access.js';
import { closing, content, structure, type Piece } from '../piece.js';
import type { Refusal } from '../refusal.js';
import type { AnswerIdentity, Oddities, Voice } from '../voice.js';
import { anthropicErrorType } from './refusals.js';

const ARGUMENT_CHARACTERS = 12;

const STOP_REASONS = {
  end: 'end_turn',
  'max-tokens': 'max_tokens',
  'stop-sequence': 'stop_sequence',
  'tool-use': 'tool_use',
  refusal: 'refusal',
} as const;

const REFUSAL_DETAILS = {
  type: 'refusal',
  category: 'cyber',
  explanation: 'The simulator was told to refuse this request.',
};

/** Writes an answer as the Messages API does, whole or as events. */
export function speakMessages(ask: Ask, identity: AnswerIdentity): Voice {
  return {
    json: (answer) => wholeMessage(ask, identity, answer),
    events: (answer) => events(ask, identity, answer),
    oddities: oddities(ask, identity),
  };
}

function wholeMessage(ask: Ask, identity: AnswerIdentity, answer: Answer): JsonObject {
  return {
    id: `msg_01${identity.letters}`,
    type: 'message',
    role: 'assistant',
    model: ask.model,
    content: answer.parts.map((part) => wholeBlock(part)),
    ...ending(answer),
    usage: distorted(answer, { ...usageAtStart(answer), ...usageAtEnd(answer) }, 0),
  };
}

function* events(ask: Ask, identity: AnswerIdentity, answer: Answer): Generator<Piece> {
  yield structure(messageStart(ask, identity, answer));
  let pinged = false;
  for (const [index, part] of answer.parts.entries()) {
    yield structure(event({ type: 'content_block_start', index, content_block: emptyBlock(part) }));
    if (!pinged) yield structure(event({ type: 'ping' }));
    pinged = true;
    for (const delta of deltas(part, answer.pieceCharacters)) {
      yield content(event({ type: 'content_block_delta', index, delta: delta.body }), delta.tokens);
    }
    yield structure(event({ type: 'content_block_stop', index }));
  }
  if (!pinged) yield structure(event({ type: 'ping' }));
  const usage = distorted(answer, usageAtEnd(answer), 1);
  yield closing(event({ type: 'message_delta', delta: ending(answer), usage }));
  yield closing(event({ type: 'message_stop' }));
}

function messageStart(ask: Ask, identity: AnswerIdentity, answer: Answer): string {
  return event({
    type: 'message_start',
    message: {
      ...wholeMessage(ask, identity, { ...answer, parts: [] }),
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: distorted(answer, usageAtStart(answer), 0),
    },
  });
}

function ending(answer: Answer): JsonObject {
  return {
    stop_reason: STOP_REASONS[answer.stopReason],
    stop_sequence: answer.stopSequence,
    stop_details: answer.stopReason === 'refusal' ? REFUSAL_DETAILS : null,
  };
}

function wholeBlock(part: Part): JsonObject {
  switch (part.type) {
    case 'thinking':
      return { type: 'thinking', thinking: part.shown ? part.text : '', signature: part.signature };
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: part.data };
    case 'text':
      return {
        type: 'text',
        text: part.text,
        ...(part.source === undefined ? {} : { citations: [citation(part.source)] }),
      };
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: inputOf(part.arguments) };
  }
}

/** Arguments that the token limit cut short are no JSON; a whole message shows them as an empty input. */
function inputOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

function emptyBlock(part: Part): JsonObject {
  switch (part.type) {
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redacted-thinking':
      return wholeBlock(part);
    case 'text':
      return { type: 'text', text: '', ...(part.source === undefined ? {} : { citations: [] }) };
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: {} };
  }
}

interface Delta {
  readonly body: JsonObject;
  readonly tokens: number;
}

function* deltas(part: Part, pieceCharacters: number | null): Generator<Delta> {
  switch (part.type) {
    case 'thinking': {
      const words = part.shown ? slices(part.text, pieceCharacters) : [];
      for (const thinking of words) yield { body: { type: 'thinking_delta', thinking }, tokens: thinking.length / 4 };
      const withheld = part.shown ? 0 : tokensOfPart(part);
      yield { body: { type: 'signature_delta', signature: part.signature }, tokens: withheld };
      return;
    }
    case 'redacted-thinking':
      return;
    case 'text':
      for (const text of slices(part.text, pieceCharacters)) {
        yield { body: { type: 'text_delta', text }, tokens: text.length / 4 };
      }
      if (part.source !== undefined) {
        yield { body: { type: 'citations_delta', citation: citation(part.source) }, tokens: 0 };
      }
      return;
    case 'tool-call': {
      yield { body: { type: 'input_json_delta', partial_json: '' }, tokens: 0 };
      // A call without arguments has the empty delta alone.
      const text = part.arguments === '{}' ? '' : part.arguments;
      for (const json of slices(text, pieceCharacters ?? ARGUMENT_CHARACTERS)) {
        yield { body: { type: 'input_json_delta', partial_json: json }, tokens: json.length / 4 };
      }
    }
  }
}

function citation(source: CitedSource): JsonObject {
  return {
    type: 'char_location',
    cited_text: source.text,
    document_index: 0,
    document_title: source.title === '' ? null : source.title,
    start_char_index: 0,
    end_char_index: source.text.length,
    file_id: null,
  };
}

function usageAtStart(answer: Answer): JsonObject {
  const { write5m, write1h } = answer.promptTokens;
  return {
    ...promptUsage(answer),
    cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h },
    output_tokens: Math.min(1, outputTokensOf(answer.parts)),
    service_tier: 'standard',
    inference_geo: 'not_available',
  };
}

function usageAtEnd(answer: Answer): JsonObject {
  const thinking = thinkingTokensOf(answer.parts);
  return {
    ...promptUsage(answer),
    output_tokens: outputTokensOf(answer.parts),
    ...(thinking > 0 ? { output_tokens_details: { thinking_tokens: thinking } } : {}),
  };
}

function promptUsage(answer: Answer): JsonObject {
  const { uncached, read, write5m, write1h } = answer.promptTokens;
  return {
    input_tokens: uncached,
    cache_creation_input_tokens: write5m + write1h,
    cache_read_input_tokens: read,
  };
}

function distorted(answer: Answer, usage: JsonObject, place: number): JsonObject | undefined {
  return answer.distortUsage === undefined ? usage : answer.distortUsage(usage, place);
}

function event(body: JsonObject): string {
  return `event: ${textOf(body['type'])}\ndata: ${JSON.stringify(body)}\n\n`;
}

function oddities(ask: Ask, identity: AnswerIdentity): Oddities {
  const textDelta = (text: string): string =>
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  return {
    ping: event({ type: 'ping' }),
    unknown: [
      event({ type: 'future_event', future: { field: [1, 2, 3] } }),
      event({ type: 'content_block_delta', index: 0, delta: { type: 'future_delta', future: 'x' } }),
    ],
    malformed: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_de\n\n',
    text: textDelta,
    error: (refusal: Refusal) =>
      event({ type: 'error', error: { type: anthropicErrorType(refusal), message: refusal.message } }),
    secondStart: (answer) => messageStart(ask, { ...identity, letters: `${identity.letters}2` }, answer),
    terminator: event({ type: 'message_stop' }),
  };
}
