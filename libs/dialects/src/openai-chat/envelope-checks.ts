import { GatewayError } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { isJsonObject } from '@switchyard/contract';

/** What a field of the envelope must be; in the words of the error. */
interface Rule {
  readonly expected: string;
  readonly holds: (value: JsonValue) => boolean;
}

const isFinite = (value: JsonValue): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (minimum: number) => (value: JsonValue) => Number.isSafeInteger(value) && (value as number) >= minimum;

const RULES = {
  text: { expected: 'a string', holds: (value) => typeof value === 'string' },
  flag: { expected: 'true or false', holds: (value) => typeof value === 'boolean' },
  number: { expected: 'a number', holds: isFinite },
  whole: { expected: 'a whole number', holds: (value) => Number.isSafeInteger(value) },
  count: { expected: 'a whole number of at least 0', holds: isWhole(0) },
  positive: { expected: 'a whole number of at least 1', holds: isWhole(1) },
  object: { expected: 'an object', holds: isJsonObject },
  list: { expected: 'an array', holds: (value) => Array.isArray(value) },
  textOrObject: {
    expected: 'a string or an object',
    holds: (value) => typeof value === 'string' || isJsonObject(value),
  },
  texts: { expected: 'an array of strings', holds: areTexts },
  textOrTexts: {
    expected: 'a string or an array of strings',
    holds: (value) => typeof value === 'string' || areTexts(value),
  },
} as const satisfies Record<string, Rule>;

function areTexts(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

/** The fields Switchyard or a translation reads, by type. Ranges are the upstream's to judge. */
const FIELDS: Readonly<Record<string, keyof typeof RULES>> = {
  model: 'text',
  messages: 'list',
  stream: 'flag',
  stream_options: 'object',
  max_tokens: 'positive',
  max_completion_tokens: 'positive',
  n: 'positive',
  temperature: 'number',
  top_p: 'number',
  top_k: 'number',
  top_a: 'number',
  min_p: 'number',
  frequency_penalty: 'number',
  presence_penalty: 'number',
  repetition_penalty: 'number',
  logit_bias: 'object',
  logprobs: 'flag',
  top_logprobs: 'count',
  seed: 'whole',
  stop: 'textOrTexts',
  tools: 'list',
  functions: 'list',
  tool_choice: 'textOrObject',
  function_call: 'textOrObject',
  parallel_tool_calls: 'flag',
  response_format: 'object',
  reasoning_effort: 'text',
  reasoning: 'object',
  include_reasoning: 'flag',
  verbosity: 'text',
  modalities: 'texts',
  audio: 'object',
  prediction: 'object',
  web_search_options: 'object',
  metadata: 'object',
  service_tier: 'text',
  user: 'text',
  safety_identifier: 'text',
  prompt_cache_key: 'text',
};

const SERVICE_TIERS = ['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'standard', 'standard_only'];
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const MESSAGES_MAX = 100_000;
const TOOLS_MAX = 1_000;

/**
 * Checks the envelope of a chat request: the types of the fields that are read, never content. Throws
 * `GatewayError(invalid_request)` naming the field by its path. A `null` counts as absent.
 */
export function checkEnvelope(body: JsonObject): void {
  for (const [field, kind] of Object.entries(FIELDS)) {
    const value = body[field];
    const rule: Rule = RULES[kind];
    if (value !== undefined && value !== null && !rule.holds(value)) throw fault(field, rule.expected, value);
  }
  checkModel(body);
  checkLimits(body);
  const tier = body['service_tier'];
  if (typeof tier === 'string' && tier !== '' && !SERVICE_TIERS.includes(tier)) {
    throw fault('service_tier', `one of ${SERVICE_TIERS.join(', ')}`, tier);
  }
  for (const field of ['tools', 'functions']) checkObjects(field, body[field], TOOLS_MAX);
  checkMessages(body['messages']);
}

function checkModel(body: JsonObject): void {
  const { model, models } = body;
  if (typeof model === 'string' && model !== '') return;
  // A list of models alone is enough: its first is the one asked for.
  if (Array.isArray(models) && models.length > 0) return;
  throw fault('model', 'the id of a model', model);
}

function checkLimits(body: JsonObject): void {
  const [old, current] = [body['max_tokens'], body['max_completion_tokens']];
  if (typeof old === 'number' && typeof current === 'number' && old !== current) {
    const message = `max_tokens (${old}) and max_completion_tokens (${current}) contradict each other: send one of them.`;
    throw new GatewayError('invalid_request', message, { param: 'max_tokens' });
  }
}

function checkMessages(messages: JsonValue | undefined): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw fault('messages', 'an array of at least one message', messages);
  }
  checkObjects('messages', messages, MESSAGES_MAX);
  (messages as readonly JsonObject[]).forEach((message, index) => checkMessage(message, `messages.${index}`));
}

function checkMessage(message: JsonObject, path: string): void {
  const { role, content } = message;
  if (typeof role !== 'string' || !ROLES.includes(role)) {
    throw fault(`${path}.role`, `one of ${ROLES.join(', ')}`, role);
  }
  if (Array.isArray(content)) checkObjects(`${path}.content`, content);
  else if (content !== undefined && content !== null && typeof content !== 'string') {
    throw fault(`${path}.content`, 'a string or an array of content parts', content);
  }
  checkObjects(`${path}.tool_calls`, message['tool_calls']);
}

function checkObjects(path: string, value: JsonValue | undefined, maximum = Number.POSITIVE_INFINITY): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) throw fault(path, 'an array', value);
  const elements = value as readonly JsonValue[];
  if (elements.length > maximum) {
    throw new GatewayError(
      'invalid_request',
      `${path}: expected at most ${maximum} elements, got ${elements.length}.`,
      {
        param: path,
      },
    );
  }
  elements.forEach((element, index) => {
    if (!isJsonObject(element)) throw fault(`${path}.${index}`, 'an object', element);
  });
}

function fault(path: string, expected: string, value: JsonValue | undefined): GatewayError {
  return new GatewayError('invalid_request', `${path}: expected ${expected}, got ${describe(value)}.`, { param: path });
}

/** What was sent, without repeating more of it than a word. */
function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  return String(value);
}
