import { GatewayError, isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';

/** Limits of Anthropic's Messages API (100,000 messages) and Switchyard's own bound on tools. */
const MAX_MESSAGES = 100_000;
const MAX_TOOLS = 1_000;

const ROLES = ['user', 'assistant', 'system'];
const SERVICE_TIERS = ['auto', 'default', 'standard', 'standard_only', 'flex', 'priority', 'fast'];

/**
 * Checks the types of the fields that Switchyard reads, and nothing else: unknown fields, unknown block types and values
 * out of an upstream's range are the upstream's to judge. Throws `GatewayError(invalid_request)` with the path of the field.
 */
export function checkEnvelope(body: JsonObject): void {
  checkModel(body);
  required(body, 'max_tokens', isCount, 'an integer of at least 0');
  checkMessages(body['messages']);
  checkSystem(body['system']);
  checkTools(body['tools']);
  optionally(body, 'stream', (value) => typeof value === 'boolean', 'a boolean');
  optionally(body, 'temperature', isFiniteNumber, 'a number');
  optionally(body, 'top_p', isFiniteNumber, 'a number');
  optionally(body, 'top_k', isCount, 'an integer of at least 0');
  optionally(body, 'stop_sequences', isTextArray, 'an array of strings');
  for (const key of ['thinking', 'tool_choice', 'output_config', 'output_format', 'metadata', 'cache_control']) {
    optionally(body, key, isJsonObject, 'an object');
  }
  optionally(body, 'speed', isText, 'a string');
  optionally(
    body,
    'service_tier',
    (value) => SERVICE_TIERS.includes(value as string),
    `one of ${SERVICE_TIERS.join(', ')}`,
  );
  const thinking = body['thinking'];
  if (isJsonObject(thinking)) {
    optionally(thinking, 'budget_tokens', isFiniteNumber, 'a number', 'thinking.');
  }
}

/** `model` may be absent only where a list of `models` names the candidates instead. */
function checkModel(body: JsonObject): void {
  const model = body['model'];
  if (model === undefined || model === null) {
    const models = body['models'];
    if (!Array.isArray(models) || models.length === 0) throw fault('model', 'Field required');
  } else if (typeof model !== 'string' || model.trim() === '') {
    throw fault('model', 'Input should be a non-empty string');
  }
}

function checkMessages(messages: JsonValue | undefined): void {
  if (messages === undefined || messages === null) throw fault('messages', 'Field required');
  if (!Array.isArray(messages)) throw fault('messages', 'Input should be an array');
  if (messages.length === 0) throw fault('messages', 'at least one message is required');
  if (messages.length > MAX_MESSAGES) throw fault('messages', `at most ${String(MAX_MESSAGES)} messages are allowed`);
  (messages as readonly JsonValue[]).forEach((message, index) => {
    if (!isJsonObject(message)) throw fault(`messages.${String(index)}`, 'Input should be an object');
    if (!ROLES.includes(message['role'] as string)) {
      throw fault(`messages.${String(index)}.role`, "Input should be 'user', 'assistant' or 'system'");
    }
    checkContent(message['content'], () => `messages.${String(index)}.content`);
  });
}

function checkSystem(system: JsonValue | undefined): void {
  if (system !== undefined && system !== null) checkContent(system, () => 'system');
}

/** Paths are made only when something is wrong: a body may hold thousands of blocks. */
function checkContent(content: JsonValue | undefined, path: () => string): void {
  if (typeof content === 'string') return;
  if (content === undefined || content === null) throw fault(path(), 'Field required');
  if (!Array.isArray(content)) throw fault(path(), 'Input should be a string or an array of content blocks');
  (content as readonly JsonValue[]).forEach((block, index) => {
    const blockPath = () => `${path()}.${String(index)}`;
    if (!isJsonObject(block)) throw fault(blockPath(), 'Input should be an object');
    if (typeof block['type'] !== 'string') throw fault(`${blockPath()}.type`, 'Input should be a string');
    if (block['type'] === 'text' && typeof block['text'] !== 'string') {
      throw fault(`${blockPath()}.text`, 'Input should be a string');
    }
    const nested = block['content'];
    if (block['type'] === 'tool_result' && nested !== undefined && nested !== null) {
      checkContent(nested, () => `${blockPath()}.content`);
    }
  });
}

function checkTools(tools: JsonValue | undefined): void {
  if (tools === undefined || tools === null) return;
  if (!Array.isArray(tools)) throw fault('tools', 'Input should be an array');
  if (tools.length > MAX_TOOLS) throw fault('tools', `at most ${String(MAX_TOOLS)} tools are allowed`);
  (tools as readonly JsonValue[]).forEach((tool, index) => {
    if (!isJsonObject(tool)) throw fault(`tools.${String(index)}`, 'Input should be an object');
    optionally(tool, 'name', isText, 'a string', `tools.${String(index)}.`);
    optionally(tool, 'type', isText, 'a string', `tools.${String(index)}.`);
    optionally(tool, 'input_schema', isJsonObject, 'an object', `tools.${String(index)}.`);
  });
}

function required(object: JsonObject, key: string, test: (value: unknown) => boolean, expected: string): void {
  if (object[key] === undefined || object[key] === null) throw fault(key, 'Field required');
  optionally(object, key, test, expected);
}

/** A `null` counts as absent: several published forms of this API declare their optional fields nullable. */
function optionally(
  object: JsonObject,
  key: string,
  test: (value: unknown) => boolean,
  expected: string,
  prefix = '',
): void {
  const value = object[key];
  if (value !== undefined && value !== null && !test(value))
    throw fault(`${prefix}${key}`, `Input should be ${expected}`);
}

function fault(path: string, problem: string): GatewayError {
  return new GatewayError('invalid_request', `${path}: ${problem}`, { param: path });
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTextArray(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isFiniteNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
