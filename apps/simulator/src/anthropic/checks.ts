import type { JsonObject } from '@switchyard/contract';
import { isHint } from '../hints.js';
import { objectsOf } from '../json-access.js';
import { Refusal } from '../refusal.js';
import type { ReadingRules } from '../voice.js';

const KNOWN_FIELDS = new Set(
  (
    'model max_tokens messages system stream temperature top_p top_k stop_sequences thinking tools tool_choice ' +
    'output_config output_format cache_control metadata service_tier speed container inference_geo diagnostics ' +
    'context_management mcp_servers fallbacks fallback_credit_token thread compaction billing_policy safeguards tags'
  ).split(' '),
);

/** @throws Refusal for what the Messages API would not serve, in its own words. */
export function checkMessagesRequest(body: JsonObject, rules: ReadingRules): void {
  const foreign = Object.keys(body).find(
    (field) => (rules.rejectHints && isHint(field)) || (rules.strict && !KNOWN_FIELDS.has(field)),
  );
  if (foreign !== undefined) throw invalid(`${foreign}: Extra inputs are not permitted`);
  for (const field of ['model', 'messages'] as const) {
    if (body[field] === undefined) throw invalid(`${field}: Field required`);
  }
  if (objectsOf(body['messages']).length === 0) throw invalid('messages: at least one message is required');
}

function invalid(message: string): Refusal {
  return new Refusal(400, message);
}
