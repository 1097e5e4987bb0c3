import type { JsonObject } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import type { RequestTarget, WrittenRequest } from '../dialect.js';
import { defined } from './fields.js';
import { Losses } from './losses.js';
import { digest, Renaming } from './renaming.js';
import { writeMessages } from './write-messages.js';
import { writeReasoning } from './write-reasoning.js';
import { writeTools } from './write-tools.js';

/** Sent where neither the caller nor the catalogue names a limit: small defaults of hosts would cut the answer. */
const MAX_OUTPUT_TOKENS = 8_192;
const STOP_MAX = 4;

/** Writes a conversation for an OpenAI-compatible host, by its deviations and the model's traits. */
export function writeRequest(conversation: Conversation, target: RequestTarget): WrittenRequest {
  const { deviations } = target;
  const losses = new Losses();
  const renaming = new Renaming(deviations.toolIds ?? 'any', deviations.toolNameMax);
  const maxOutputTokens = outputLimit(conversation, target);
  const body: JsonObject = {
    model: target.endpoint.upstreamModel,
    messages: writeMessages(conversation, target, renaming, losses, schemaInstruction(conversation, target)),
    ...writeTools(conversation, target, renaming, losses),
    [limitField(target)]: maxOutputTokens,
    ...writeSampling(conversation, target, losses),
    ...writeReasoning(conversation, target, maxOutputTokens, losses),
    ...writeStop(conversation, target, losses),
    ...writeResponseFormat(conversation, target),
    ...writeRest(conversation, target, losses),
    ...writeStream(conversation, target),
  };
  for (const [name, value] of Object.entries(conversation.extras)) {
    if (value !== undefined && value !== null) losses.add(name);
  }
  return { body: withoutRejected(body, target, losses), dropped: losses.list, renamed: renaming.renamed };
}

function limitField(target: RequestTarget): 'max_tokens' | 'max_completion_tokens' {
  const { maxTokensField } = target.deviations;
  return maxTokensField ?? (target.model.traits.maxCompletionTokens === true ? 'max_completion_tokens' : 'max_tokens');
}

function outputLimit(conversation: Conversation, target: RequestTarget): number {
  const { endpoint, model } = target;
  const most = endpoint.maxOutputTokens ?? model.maxOutputTokens;
  if (conversation.maxOutputTokens !== undefined) {
    return most === null ? conversation.maxOutputTokens : Math.min(conversation.maxOutputTokens, most);
  }
  if (most !== null) return most;
  const context = endpoint.contextLength ?? model.contextLength;
  return context === null ? MAX_OUTPUT_TOKENS : Math.min(MAX_OUTPUT_TOKENS, Math.max(1, Math.floor(context / 2)));
}

function writeSampling(conversation: Conversation, target: RequestTarget, losses: Losses): JsonObject {
  const { deviations, model } = target;
  const standard = {
    temperature: bounded(conversation.temperature, target),
    top_p: conversation.topP,
    frequency_penalty: conversation.frequencyPenalty,
    presence_penalty: conversation.presencePenalty,
  };
  const extended = {
    top_k: conversation.topK,
    min_p: conversation.minP,
    repetition_penalty: conversation.repetitionPenalty,
  };
  const takesExtended = (name: string): boolean =>
    deviations.accepts?.includes(name) === true || target.endpoint.supportedParameters?.has(name) === true;
  const samples = model.traits.sampling !== false;
  const sent: Record<string, number> = {};
  for (const [name, value] of Object.entries({ ...standard, ...extended })) {
    if (value === undefined) continue;
    if (samples && (name in standard || takesExtended(name))) sent[name] = value;
    else losses.add(name);
  }
  return sent;
}

function bounded(temperature: number | undefined, target: RequestTarget): number | undefined {
  if (temperature === undefined) return undefined;
  const { temperatureMin = 0, temperatureMax = 2 } = target.deviations;
  return Math.min(Math.max(temperature, temperatureMin), temperatureMax);
}

function writeStop(conversation: Conversation, target: RequestTarget, losses: Losses): JsonObject {
  const sequences = conversation.stop.filter((sequence) => sequence !== '');
  const taken = target.model.traits.stop === false ? [] : sequences.slice(0, target.deviations.stopMax ?? STOP_MAX);
  if (taken.length < sequences.length) losses.add('stop_sequences');
  return taken.length > 0 ? { stop: taken } : {};
}

function takesJsonSchema(target: RequestTarget): boolean {
  return target.deviations.jsonSchema !== false && target.model.traits.jsonSchema !== false;
}

function writeResponseFormat(conversation: Conversation, target: RequestTarget): JsonObject {
  const format = conversation.responseFormat;
  switch (format?.kind) {
    case 'json':
      return { response_format: { type: 'json_object' } };
    case 'json-schema': {
      if (!takesJsonSchema(target)) return { response_format: { type: 'json_object' } };
      const { name = 'response', description, schema, strict = true } = format;
      const declared = { name, ...defined({ description }), schema, strict };
      return { response_format: { type: 'json_schema', json_schema: declared } };
    }
    default:
      return {};
  }
}

/** The schema in words, for hosts that only promise JSON. */
function schemaInstruction(conversation: Conversation, target: RequestTarget): string | undefined {
  const format = conversation.responseFormat;
  if (format?.kind !== 'json-schema' || takesJsonSchema(target)) return undefined;
  return `Answer with one JSON object, and nothing else, that conforms to this JSON schema:\n${JSON.stringify(format.schema)}`;
}

function writeRest(conversation: Conversation, target: RequestTarget, losses: Losses): JsonObject {
  const { deviations, hashUser = digest } = target;
  const { endUser, metadata } = conversation;
  if (metadata !== undefined && Object.keys(metadata).length > 0) losses.add('metadata');
  return defined({
    logit_bias: conversation.logitBias,
    logprobs: conversation.logprobs,
    top_logprobs: conversation.topLogprobs,
    [deviations.seedField ?? 'seed']: conversation.seed,
    n: conversation.choices,
    verbosity: conversation.verbosity,
    prediction: conversation.prediction,
    prompt_cache_key: conversation.promptCacheKey,
    service_tier: serviceTier(conversation, target),
    // Only a hash leaves: callers put account names, addresses and whole JSON objects here.
    [deviations.endUserField ?? 'user']: endUser === undefined ? undefined : hashUser(endUser),
  });
}

/** Anthropic's and the gateways' words for tiers, in OpenAI's. */
const TIERS: Readonly<Record<string, string>> = {
  standard_only: 'default',
  standard: 'default',
  fast: 'priority',
};

/** A tier endpoint is one by this very field. */
function serviceTier(conversation: Conversation, target: RequestTarget): string | undefined {
  const { serviceTier: own } = target.endpoint;
  if (own !== 'default') return own;
  const asked = conversation.serviceTier;
  return asked === undefined ? undefined : (TIERS[asked] ?? asked);
}

function writeStream(conversation: Conversation, target: RequestTarget): JsonObject {
  if (!conversation.stream) return {};
  if (target.deviations.streamUsage === 'always') return { stream: true };
  return { stream: true, stream_options: { include_usage: true } };
}

/** A host that answers a parameter with a 400 never sees it. */
function withoutRejected(body: JsonObject, target: RequestTarget, losses: Losses): JsonObject {
  const rejected = (target.deviations.rejects ?? []).filter((name) => body[name] !== undefined);
  if (rejected.length === 0) return body;
  for (const name of rejected) losses.add(name);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !rejected.includes(name)));
}
