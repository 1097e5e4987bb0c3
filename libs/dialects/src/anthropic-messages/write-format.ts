import type { JsonObject } from '@switchyard/contract';
import type { Conversation, ResponseFormat } from '@switchyard/conversation';
import type { AnswerShape } from '../dialect.js';
import { outputSchema } from './output-schema.js';
import type { RequestNotes } from './request-notes.js';
import type { Draft } from './write-turns.js';

const JSON_TOOL_NAMES = ['json', 'json_answer', 'json_response'];

/** How a response format is asked for: natively, by a tool that must be called, or in words. */
export interface WrittenFormat {
  /** `output_config.format`. */
  readonly native?: JsonObject;
  /** A tool whose input is the answer, and the choice that forces it. */
  readonly tool?: Draft;
  readonly toolChoice?: JsonObject;
  /** A text for the system prompt. */
  readonly instruction?: string;
  readonly shape: AnswerShape;
}

export interface FormatSituation {
  /** Names of the tools already offered, as sent. */
  readonly toolNames: readonly string[];
  readonly thinkingOn: boolean;
}

export function writeFormat(
  conversation: Conversation,
  situation: FormatSituation,
  notes: RequestNotes,
): WrittenFormat {
  const format = conversation.responseFormat;
  if (!format || format.kind === 'text') return { shape: {} };
  if (format.kind === 'json')
    return {
      instruction: 'Respond with a single valid JSON object and nothing else: no prose around it, no code fence.',
      shape: { stripFences: true },
    };
  const { model, deviations } = notes.target;
  if (model.traits.jsonSchema !== false && deviations.jsonSchema !== false) {
    return { native: { type: 'json_schema', schema: outputSchema(format.schema) }, shape: {} };
  }
  return asTool(format, situation, notes) ?? inWords(format);
}

/** Undefined where a tool cannot be forced, or where the schema is not an object's. */
function asTool(
  format: Extract<ResponseFormat, { kind: 'json-schema' }>,
  situation: FormatSituation,
  notes: RequestNotes,
): WrittenFormat | undefined {
  const name = JSON_TOOL_NAMES.find((candidate) => !situation.toolNames.includes(candidate));
  const mayForce = !situation.thinkingOn && notes.target.model.traits.forcedToolChoice !== false;
  if (name === undefined || !mayForce || format.schema['type'] !== 'object') return undefined;
  const tool: Draft = {
    name,
    description: format.description ?? 'Gives the answer to the user. Call it with the whole answer.',
    input_schema: format.schema,
  };
  // Beside tools of the caller the model must stay free to call those instead.
  const toolChoice: JsonObject = situation.toolNames.length === 0 ? { type: 'tool', name } : { type: 'any' };
  return { tool, toolChoice, shape: { jsonTool: name } };
}

function inWords(format: Extract<ResponseFormat, { kind: 'json-schema' }>): WrittenFormat {
  const instruction = `Respond with JSON that matches this JSON Schema and nothing else, no prose around it, no code fence:\n${JSON.stringify(format.schema)}`;
  return { instruction, shape: { stripFences: true } };
}
