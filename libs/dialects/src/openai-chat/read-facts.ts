import { MODALITIES } from '@switchyard/contract';
import type { JsonObject, JsonValue, Modality } from '@switchyard/contract';
import type { BodyFacts } from '../dialect.js';
import { checkEnvelope } from './envelope-checks.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from './fields.js';

/** Checks the envelope and reads the facts that planning needs. Throws `GatewayError(invalid_request)` naming the field. */
export function readFacts(body: JsonObject): BodyFacts {
  checkEnvelope(body);
  const content = measure(objectsOf(body['messages']));
  const tools = [...objectsOf(body['tools']), ...objectsOf(body['functions'])];
  const limits = [numberOf(body['max_tokens']), numberOf(body['max_completion_tokens'])].filter((n) => n !== undefined);
  return {
    model: textOf(body['model']) ?? null,
    parameters: parametersOf(body),
    inputModalities: MODALITIES.filter((modality) => modality === 'text' || content.modalities.has(modality)),
    outputModalities: outputModalities(body['modalities']),
    maxOutputTokens: limits.length > 0 ? Math.max(...limits) : null,
    textLength: content.textLength + tools.reduce((length, tool) => length + jsonLength(tool), 0),
    images: content.images,
    stream: body['stream'] === true,
    serviceTier: textOf(body['service_tier']) ?? null,
    speed: textOf(body['speed']) ?? null,
  };
}

/** Body fields that are words of `supported_parameters` themselves. Output limits are checked by length, not by name. */
const PARAMETERS = [
  'temperature',
  'top_p',
  'top_k',
  'top_a',
  'min_p',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'top_logprobs',
  'prediction',
  'seed',
  'tool_choice',
  'parallel_tool_calls',
  'include_reasoning',
  'reasoning',
  'reasoning_effort',
  'web_search_options',
  'verbosity',
] as const;

function parametersOf(body: JsonObject): readonly string[] {
  const used = new Set<string>(PARAMETERS.filter((name) => isGiven(body[name])));
  if (used.has('reasoning_effort')) used.add('reasoning');
  if (body['logprobs'] === true) used.add('logprobs');
  if (isGiven(body['function_call'])) used.add('tool_choice');
  if (listOf(body['tools']).length > 0 || listOf(body['functions']).length > 0) used.add('tools');
  if (listOf(body['stop']).length > 0 || textOf(body['stop']) !== undefined) used.add('stop');
  const format = textOf(objectOf(body['response_format'])?.['type']);
  if (format !== undefined && format !== 'text') used.add('response_format');
  if (format === 'json_schema') used.add('structured_outputs');
  return [...used].sort();
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

function outputModalities(value: JsonValue | undefined): readonly Modality[] {
  const asked = listOf(value);
  const known = MODALITIES.filter((modality) => asked.includes(modality));
  return known.length > 0 ? known : ['text'];
}

interface Measure {
  textLength: number;
  images: number;
  readonly modalities: Set<Modality>;
}

const PART_MODALITIES: Readonly<Record<string, Modality>> = {
  image_url: 'image',
  input_audio: 'audio',
  file: 'file',
  video_url: 'video',
};

function measure(messages: readonly JsonObject[]): Measure {
  const total: Measure = { textLength: 0, images: 0, modalities: new Set() };
  for (const message of messages) {
    total.textLength +=
      textLength(message['content']) + textLength(message['reasoning_content'] ?? message['reasoning']);
    for (const call of objectsOf(message['tool_calls'])) total.textLength += jsonLength(call);
    total.textLength += jsonLength(message['function_call'] ?? null);
    for (const part of objectsOf(message['content'])) {
      const modality = PART_MODALITIES[textOf(part['type']) ?? ''];
      if (modality === undefined) continue;
      total.modalities.add(modality);
      if (modality === 'image') total.images++;
    }
  }
  return total;
}

function textLength(content: JsonValue | undefined): number {
  if (typeof content === 'string') return content.length;
  return objectsOf(content).reduce((length, part) => length + (textOf(part['text']) ?? '').length, 0);
}

/** About the length of the value's JSON text, without making that text. */
function jsonLength(value: JsonValue | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object') return 5;
  if (Array.isArray(value))
    return listOf(value).reduce((length: number, element) => length + jsonLength(element) + 1, 2);
  return Object.entries(value).reduce((length, [key, member]) => length + key.length + 4 + jsonLength(member), 2);
}
