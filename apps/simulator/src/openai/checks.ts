import type { JsonObject } from '@switchyard/contract';
import { isHint } from '../hints.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json-access.js';
import { Refusal } from '../refusal.js';
import type { ReadingRules } from '../voice.js';
import { checkChatMessages } from './message-checks.js';
import { invalid, tooLong } from './refusals.js';

const MAX_STOPS = 4;
const MAX_TOOL_NAME = 64;
const TOOL_NAME = /^[a-zA-Z0-9_-]+$/;
const REASONING_MODELS = /^(o\d|gpt-5)/;

const KNOWN_FIELDS = new Set(
  (
    'model messages max_tokens max_completion_tokens temperature top_p presence_penalty frequency_penalty logit_bias ' +
    'seed logprobs top_logprobs n stop stream stream_options tools tool_choice parallel_tool_calls functions ' +
    'function_call response_format reasoning_effort verbosity prompt_cache_key prompt_cache_options ' +
    'prompt_cache_retention service_tier metadata modalities audio prediction web_search_options moderation store ' +
    'safety_identifier user'
  ).split(' '),
);

/** @throws Refusal for what the Chat Completions API would not serve, in its own words. */
export function checkChatRequest(body: JsonObject, rules: ReadingRules): void {
  checkFields(body, rules);
  if (rules.lenient) return;
  checkLimits(body);
  checkTools(body);
  checkResponseFormat(body);
  checkChatMessages(body, rules.signer);
}

function checkFields(body: JsonObject, rules: ReadingRules): void {
  const foreign = Object.keys(body).filter(
    (field) => (rules.rejectHints && isHint(field)) || (rules.strict && !KNOWN_FIELDS.has(field)),
  );
  if (foreign.length > 0) {
    const noun = foreign.length === 1 ? 'argument' : 'arguments';
    throw new Refusal(400, `Unrecognized request ${noun} supplied: ${foreign.join(', ')}`);
  }
  if (typeof body['model'] !== 'string') throw new Refusal(400, 'you must provide a model parameter');
  if (body['stream_options'] !== undefined && body['stream_options'] !== null && body['stream'] !== true) {
    throw invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  }
}

function checkLimits(body: JsonObject): void {
  if (body['max_tokens'] !== undefined && REASONING_MODELS.test(textOf(body['model']))) {
    throw invalid(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      'unsupported_parameter',
    );
  }
  for (const field of ['max_tokens', 'max_completion_tokens']) {
    const value = body[field];
    if (value === undefined || value === null || Number(value) >= 1) continue;
    throw invalid(
      `Invalid '${field}': integer below minimum value. Expected a value >= 1, but got ${JSON.stringify(value)} instead.`,
      field,
      'integer_below_min_value',
    );
  }
  const temperature = numberOf(body['temperature']);
  if (temperature !== null && temperature > 2) {
    throw invalid(
      `Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got ${temperature} instead.`,
      'temperature',
      'decimal_above_max_value',
    );
  }
  const stops = listOf(body['stop']);
  if (stops.length > MAX_STOPS) throw tooLong('array', 'stop', MAX_STOPS, stops.length);
}

function checkTools(body: JsonObject): void {
  const tools = objectsOf(body['tools']);
  for (const [index, tool] of tools.entries()) {
    const kind = tool['type'] === 'custom' ? 'custom' : 'function';
    const path = `tools[${index}].${kind}.name`;
    const name = textOf(objectOf(tool[kind])['name']);
    if (name.length > MAX_TOOL_NAME) throw tooLong('string', path, MAX_TOOL_NAME, name.length);
    if (!TOOL_NAME.test(name)) {
      throw invalid(
        `Invalid '${path}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        path,
        'invalid_value',
      );
    }
  }
  if (tools.length > 0) return;
  for (const field of ['tool_choice', 'parallel_tool_calls']) {
    const value = body[field];
    if (value === undefined || value === null || value === 'none') continue;
    throw invalid(`Invalid value for '${field}': '${field}' is only allowed when 'tools' are specified.`, field);
  }
}

function checkResponseFormat(body: JsonObject): void {
  const format = objectOf(body['response_format']);
  if (format['type'] === 'json_schema' && textOf(objectOf(format['json_schema'])['name']) === '') {
    const path = 'response_format.json_schema.name';
    throw invalid(`Missing required parameter: '${path}'.`, path, 'missing_required_parameter');
  }
  if (format['type'] === 'json_object' && !/json/i.test(JSON.stringify(body['messages'] ?? ''))) {
    throw invalid(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
    );
  }
}
