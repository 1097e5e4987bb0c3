import type { JsonObject } from '@switchyard/contract';
import { isHint } from '../hints.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from '../json-access.js';
import type { ReadingRules } from '../voice.js';
import { blocksOf } from './blocks.js';
import { checkMessages } from './message-checks.js';
import { invalid } from './refusals.js';

const MAX_CACHE_MARKERS = 4;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

const KNOWN_FIELDS = new Set(
  (
    'model max_tokens messages system stream temperature top_p top_k stop_sequences thinking tools tool_choice ' +
    'output_config output_format cache_control metadata service_tier speed container inference_geo diagnostics ' +
    'context_management mcp_servers fallbacks fallback_credit_token thread compaction billing_policy safeguards tags'
  ).split(' '),
);

/** @throws Refusal for what the Messages API would not serve, in its own words. */
export function checkMessagesRequest(body: JsonObject, rules: ReadingRules): void {
  checkFields(body, rules);
  if (rules.lenient) return;
  checkNumbers(body, rules);
  checkMessages(body, rules.signer);
  checkSystem(body);
  checkTools(body);
  checkThinking(body);
  checkCacheMarkers(body);
}

function checkFields(body: JsonObject, rules: ReadingRules): void {
  const foreign = Object.keys(body).find(
    (field) => (rules.rejectHints && isHint(field)) || (rules.strict && !KNOWN_FIELDS.has(field)),
  );
  if (foreign !== undefined) throw invalid(`${foreign}: Extra inputs are not permitted`);
  for (const field of ['model', 'messages', ...(rules.counting ? [] : ['max_tokens'])]) {
    if (body[field] === undefined) throw invalid(`${field}: Field required`);
  }
  if (typeof body['model'] !== 'string') throw invalid('model: Input should be a valid string');
}

function checkNumbers(body: JsonObject, rules: ReadingRules): void {
  const maxTokens = body['max_tokens'];
  if (!rules.counting) {
    if (!Number.isInteger(maxTokens)) throw invalid('max_tokens: Input should be a valid integer');
    if (Number(maxTokens) < 0) throw invalid('max_tokens: Input should be greater than or equal to 1');
  }
  for (const field of ['temperature', 'top_p']) {
    const value = numberOf(body[field]);
    if (value !== null && value > 1) throw invalid(`${field}: Input should be less than or equal to 1`);
    if (value !== null && value < 0) throw invalid(`${field}: Input should be greater than or equal to 0`);
  }
  if (listOf(body['stop_sequences']).some((sequence) => textOf(sequence).trim() === '')) {
    throw invalid('stop_sequences: each stop sequence must contain non-whitespace');
  }
}

function checkSystem(body: JsonObject): void {
  if (Array.isArray(body['system']) && blocksOf(body['system']).some((block) => block['text'] === '')) {
    throw invalid('system: text content blocks must be non-empty');
  }
}

function checkTools(body: JsonObject): void {
  const names = objectsOf(body['tools']).map((tool, index) => {
    const name = textOf(tool['name']);
    const custom = tool['type'] === undefined || tool['type'] === 'custom';
    if (custom && !TOOL_NAME.test(name)) {
      throw invalid(`tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    }
    if (custom && tool['input_schema'] === undefined) {
      throw invalid(`tools.${index}.custom.input_schema: Field required`);
    }
    if (custom && objectOf(tool['input_schema'])['type'] !== 'object') {
      throw invalid(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
    }
    return name;
  });
  if (new Set(names).size < names.length) throw invalid('tools: Tool names must be unique.');
  const choice = objectOf(body['tool_choice']);
  if (choice['type'] === undefined) return;
  if (names.length === 0) throw invalid('tool_choice may only be specified while providing tools.');
  if (choice['type'] === 'tool' && !names.includes(textOf(choice['name']))) {
    throw invalid(`tool_choice.tool.name: Tool '${textOf(choice['name'])}' not found in provided tools`);
  }
}

function checkThinking(body: JsonObject): void {
  const thinking = objectOf(body['thinking']);
  if (thinking['type'] !== 'enabled') return;
  const budget = numberOf(thinking['budget_tokens']);
  if (budget === null) throw invalid('thinking.enabled.budget_tokens: Field required');
  if (budget < 1024) throw invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  if (budget >= (numberOf(body['max_tokens']) ?? Number.POSITIVE_INFINITY)) {
    throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
  if ((numberOf(body['temperature']) ?? 1) !== 1) {
    throw invalid('`temperature` may only be set to 1 when thinking is enabled.');
  }
  if (['any', 'tool'].includes(textOf(objectOf(body['tool_choice'])['type']))) {
    throw invalid('Thinking may not be enabled when tool_choice forces tool use.');
  }
}

function checkCacheMarkers(body: JsonObject): void {
  const messages = objectsOf(body['messages']).flatMap((message) => blocksOf(message['content']));
  const nested = messages
    .filter((block) => block['type'] === 'tool_result')
    .flatMap((block) => blocksOf(block['content']));
  const places = [body, ...objectsOf(body['tools']), ...blocksOf(body['system']), ...messages, ...nested];
  const found = places.filter((place) => (place['cache_control'] ?? null) !== null);
  if (found.length > MAX_CACHE_MARKERS) {
    throw invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${found.length}.`);
  }
  if (found.some((place) => place['type'] === 'thinking')) {
    throw invalid('thinking.cache_control: Extra inputs are not permitted');
  }
}
