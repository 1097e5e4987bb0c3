import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Conversation, Reasoning, ResponseFormat } from '@switchyard/conversation';
import { booleanOf, defined, listOf, numberOf, objectOf, objectsOf, textOf } from './fields.js';
import { readMessages } from './read-messages.js';
import { readCacheControl } from './read-parts.js';
import { readTools, readToolChoice } from './read-tools.js';

/** Fields that have a word in the neutral conversation; `null` counts as absent. */
const KNOWN: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'seed',
  'stop',
  'n',
  'reasoning_effort',
  'reasoning',
  'include_reasoning',
  'response_format',
  'verbosity',
  'stream',
  'stream_options',
  'user',
  'safety_identifier',
  'metadata',
  'service_tier',
  'prompt_cache_key',
  'cache_control',
  'web_search_options',
  'prediction',
]);

/** Reads a chat request whose envelope was checked. Throws `GatewayError(invalid_request)` where content has no meaning. */
export function readRequest(body: JsonObject): Conversation {
  const { system, messages } = readMessages(objectsOf(body['messages']));
  const responseFormat = readResponseFormat(objectOf(body['response_format']));
  const extras = Object.fromEntries(
    Object.entries(body).filter(([key, value]) => !KNOWN.has(key) && value !== null && value !== undefined),
  );
  return {
    model: textOf(body['model']) ?? '',
    system,
    messages,
    tools: readTools(body),
    stop: readStop(body['stop']),
    stream: body['stream'] === true,
    ...defined({
      toolChoice: readToolChoice(body),
      parallelToolCalls: booleanOf(body['parallel_tool_calls']),
      maxOutputTokens: numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens']),
      logitBias: objectOf(body['logit_bias']),
      logprobs: booleanOf(body['logprobs']),
      choices: numberOf(body['n']),
      reasoning: readReasoning(body),
      responseFormat,
      verbosity: textOf(body['verbosity']),
      includeUsage: booleanOf(objectOf(body['stream_options'])?.['include_usage']),
      endUser: textOf(body['safety_identifier']) ?? textOf(body['user']),
      metadata: objectOf(body['metadata']),
      serviceTier: textOf(body['service_tier']),
      promptCacheKey: textOf(body['prompt_cache_key']),
      autoCache: readCacheControl({ cache_control: body['cache_control'] }),
      webSearch: objectOf(body['web_search_options']),
      prediction: objectOf(body['prediction']),
    }),
    ...readSampling(body),
    extras:
      responseFormat === undefined && objectOf(body['response_format']) !== undefined
        ? { ...extras, response_format: body['response_format'] }
        : extras,
  };
}

function readSampling(body: JsonObject) {
  return defined({
    temperature: numberOf(body['temperature']),
    topP: numberOf(body['top_p']),
    topK: numberOf(body['top_k']),
    minP: numberOf(body['min_p']),
    frequencyPenalty: numberOf(body['frequency_penalty']),
    presencePenalty: numberOf(body['presence_penalty']),
    repetitionPenalty: numberOf(body['repetition_penalty']),
    topLogprobs: numberOf(body['top_logprobs']),
    seed: numberOf(body['seed']),
  });
}

function readStop(stop: JsonValue | undefined): readonly string[] {
  const one = textOf(stop);
  return one === undefined ? listOf(stop).flatMap((sequence) => textOf(sequence) ?? []) : [one];
}

/**
 * `reasoning_effort`, and OpenRouter's `reasoning { effort, max_tokens, exclude, enabled }` with the older
 * `include_reasoning`. The object says more, so it wins where both speak.
 */
function readReasoning(body: JsonObject): Reasoning | undefined {
  const raw = objectOf(body['reasoning']) ?? {};
  const effort = textOf(raw['effort']) ?? textOf(body['reasoning_effort']);
  const budgetTokens = numberOf(raw['max_tokens']);
  const hidden = raw['exclude'] === true || body['include_reasoning'] === false;
  const display = hidden ? { display: 'omitted' } : {};
  if (raw['enabled'] === false || effort === 'none') return { mode: 'off', ...display };
  const asked = effort !== undefined || budgetTokens !== undefined;
  if (asked) return { mode: 'on', ...defined({ effort, budgetTokens }), ...display };
  // Enabled without a measure is medium effort to OpenRouter.
  if (raw['enabled'] === true || body['include_reasoning'] === true)
    return { mode: 'on', effort: 'medium', ...display };
  // To hide reasoning is not to ask for it.
  return undefined;
}

function readResponseFormat(format: JsonObject | undefined): ResponseFormat | undefined {
  switch (format?.['type']) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema': {
      const declared = objectOf(format['json_schema']) ?? {};
      return {
        kind: 'json-schema',
        schema: objectOf(declared['schema']) ?? {},
        ...defined({
          name: textOf(declared['name']),
          description: textOf(declared['description']),
          strict: booleanOf(declared['strict']),
        }),
      };
    }
    default:
      return undefined;
  }
}
