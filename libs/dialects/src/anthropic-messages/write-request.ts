import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import type { AnswerShape, RequestTarget, WrittenRequest } from '../dialect.js';
import { arrangeTurns, endTurns, hasUnthoughtToolTurn } from './arrange-turns.js';
import { limitCacheMarkers } from './cache-markers.js';
import { optional, textField } from './json-fields.js';
import { RequestNotes } from './request-notes.js';
import { isBlank, writeCacheControl } from './write-blocks.js';
import { writeFormat } from './write-format.js';
import { writeReasoning } from './write-reasoning.js';
import { writeToolChoice, writeTools } from './write-tools.js';
import { unsupported, writeContent, writeTurns } from './write-turns.js';
import type { Draft } from './write-turns.js';

/** Fields of a conversation that this protocol has no form for, by the name the caller knows them under. */
const INEXPRESSIBLE: readonly (readonly [keyof Conversation, string])[] = [
  ['minP', 'min_p'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['repetitionPenalty', 'repetition_penalty'],
  ['logitBias', 'logit_bias'],
  ['logprobs', 'logprobs'],
  ['topLogprobs', 'top_logprobs'],
  ['verbosity', 'verbosity'],
  ['metadata', 'metadata'],
  ['promptCacheKey', 'prompt_cache_key'],
  ['prediction', 'prediction'],
];

/** Names a host's list of rejected parameters may use, where the field is called otherwise here. */
const FIELD_OF_PARAMETER = new Map([
  ['stop', 'stop_sequences'],
  ['user', 'metadata'],
  ['reasoning', 'thinking'],
  ['response_format', 'output_config'],
]);
const REQUIRED_FIELDS = ['model', 'max_tokens', 'messages'];

/**
 * Writes a request for an Anthropic upstream from a conversation in another protocol. Whatever the protocol or the
 * model has no form for is named in `dropped`. Throws `UpstreamError(endpoint_specific)` for what would change the
 * meaning if it were dropped: several choices, audio.
 */
export function writeRequest(conversation: Conversation, target: RequestTarget): WrittenRequest {
  if ((conversation.choices ?? 1) > 1) throw unsupported('More than one choice (n > 1)');
  const notes = new RequestNotes(target);
  const arranged = arrangeTurns(writeTurns(conversation.messages, notes), notes);
  const reasoning = writeReasoning(conversation, notes, hasUnthoughtToolTurn(arranged));
  const { tools, customTools } = writeTools(conversation, notes);
  const toolNames = tools.map((tool) => textField(tool, 'name') ?? '');
  const format = writeFormat(conversation, { toolNames, thinkingOn: reasoning.on }, notes);
  if (format.tool) tools.push(format.tool);
  const toolChoice =
    tools.length > 0 ? (format.toolChoice ?? writeToolChoice(conversation, reasoning.on, notes)) : undefined;
  const mayPrefill = target.model.traits.prefill !== false && target.deviations.prefill !== 'none' && !reasoning.on;
  const turns = endTurns(arranged, mayPrefill, notes);
  const system = writeSystem(conversation, format.instruction, notes);
  const autoCache = writeCacheControl(conversation.autoCache).cache_control;
  limitCacheMarkers({ tools, system, turns }, autoCache, notes);
  noteInexpressible(conversation, notes);
  const outputConfig = { ...optional('effort', reasoning.effort), ...optional('format', format.native) };
  const body = withoutRejected(
    {
      model: target.endpoint.upstreamModel,
      max_tokens: reasoning.maxTokens,
      ...optional('system', system.length > 0 ? system : undefined),
      messages: turns.map((turn) => ({ role: turn.role, content: turn.content })),
      ...optional('tools', tools.length > 0 ? tools : undefined),
      ...optional('tool_choice', toolChoice),
      ...optional('thinking', reasoning.thinking),
      ...optional('output_config', Object.keys(outputConfig).length > 0 ? outputConfig : undefined),
      ...optional('cache_control', autoCache),
      ...writeSampling(conversation, reasoning.on, notes),
      ...optional('stop_sequences', writeStop(conversation, notes)),
      ...optional('metadata', writeUser(conversation.endUser, target)),
      ...optional('service_tier', writeServiceTier(conversation.serviceTier, notes)),
      ...(conversation.stream && { stream: true }),
    },
    notes,
  );
  const shape: AnswerShape = { ...format.shape, ...(customTools.length > 0 && { customTools }) };
  return { body, dropped: notes.dropped, renamed: notes.renamed, ...(Object.keys(shape).length > 0 && { shape }) };
}

function writeUser(endUser: string | undefined, { hashUser }: RequestTarget): JsonObject | undefined {
  return endUser === undefined ? undefined : { user_id: hashUser?.(endUser) ?? endUser };
}

function writeSystem(conversation: Conversation, instruction: string | undefined, notes: RequestNotes): Draft[] {
  const blocks = writeContent(conversation.system, notes);
  return instruction === undefined ? blocks : [...blocks, { type: 'text', text: instruction }];
}

/** Temperature goes to 1 here, to 2 elsewhere. Models that think, and newer ones altogether, take no sampling parameters. */
function writeSampling(conversation: Conversation, thinkingOn: boolean, notes: RequestNotes): JsonObject {
  const asked: Readonly<Record<string, number | undefined>> = {
    temperature: conversation.temperature,
    top_p: conversation.topP,
    top_k: conversation.topK,
  };
  const written: Record<string, number> = {};
  const { deviations, model } = notes.target;
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    // From Claude 4 on only one of the two is accepted.
    const isSecond = name === 'top_p' && asked['temperature'] !== undefined;
    if (thinkingOn || model.traits.sampling === false || isSecond) notes.drop(name);
    else written[name] = name === 'temperature' ? Math.min(value, deviations.temperatureMax ?? 1) : value;
  }
  return written;
}

/** Anthropic refuses stop sequences of white space alone. */
function writeStop(conversation: Conversation, notes: RequestNotes): readonly string[] | undefined {
  const { deviations, model } = notes.target;
  const usable = model.traits.stop === false ? [] : conversation.stop.filter((text) => !isBlank(text));
  const kept = usable.slice(0, deviations.stopMax ?? usable.length);
  if (kept.length < conversation.stop.length) notes.drop('stop');
  return kept.length > 0 ? kept : undefined;
}

/** Anthropic knows "the tier my account has" and "never more than standard". */
function writeServiceTier(tier: string | undefined, notes: RequestNotes): string | undefined {
  switch (tier) {
    case undefined:
      return undefined;
    case 'auto':
    case 'priority':
    case 'fast':
      return 'auto';
    case 'default':
    case 'standard':
    case 'standard_only':
      return 'standard_only';
    default:
      notes.drop('service_tier');
      return undefined;
  }
}

function noteInexpressible(conversation: Conversation, notes: RequestNotes): void {
  for (const [field, name] of INEXPRESSIBLE) {
    // 0 and false are what leaving the field out means.
    if (conversation[field]) notes.drop(name);
  }
  if (conversation.seed !== undefined) notes.drop('seed');
  for (const name of Object.keys(conversation.extras)) notes.drop(name);
}

function withoutRejected(body: JsonObject, notes: RequestNotes): JsonObject {
  const rejects = notes.target.deviations.rejects ?? [];
  const fields = new Map(rejects.map((name) => [FIELD_OF_PARAMETER.get(name) ?? name, name]));
  const kept: Record<string, JsonValue | undefined> = {};
  for (const [key, value] of Object.entries(body)) {
    const rejected = fields.get(key);
    if (rejected === undefined || REQUIRED_FIELDS.includes(key)) kept[key] = value;
    else notes.drop(rejected);
  }
  return kept;
}
