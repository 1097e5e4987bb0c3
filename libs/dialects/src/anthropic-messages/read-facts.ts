import { MODALITIES, isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue, Modality } from '@switchyard/contract';
import type { BodyFacts } from '../dialect.js';
import { checkEnvelope } from './envelope.js';
import { arrayField, booleanField, numberField, objectField, objectsField, textField } from './json-fields.js';

/** What the content of a request amounts to, summed up in one walk. */
interface ContentTally {
  textLength: number;
  images: number;
  files: number;
}

/** Checks the envelope and reads what planning needs. Throws `GatewayError(invalid_request)` naming the field. */
export function readFacts(body: JsonObject): BodyFacts {
  checkEnvelope(body);
  const tally: ContentTally = { textLength: 0, images: 0, files: 0 };
  tallyContent(body['system'], tally);
  for (const message of objectsField(body, 'messages')) tallyContent(message['content'], tally);
  for (const tool of arrayField(body, 'tools')) tally.textLength += textLengthOf(tool);
  return {
    model: textField(body, 'model') ?? null,
    parameters: parametersOf(body),
    inputModalities: modalitiesOf(tally),
    outputModalities: ['text'],
    maxOutputTokens: numberField(body, 'max_tokens') ?? null,
    textLength: tally.textLength,
    images: tally.images,
    stream: booleanField(body, 'stream') ?? false,
    serviceTier: textField(body, 'service_tier') ?? null,
    speed: textField(body, 'speed') ?? null,
  };
}

/**
 * Parameters a model must support for this request to mean what it says, by their `supported_parameters` names.
 * Left out: `max_tokens`, which the protocol demands of everybody, and values that only spell out a default
 * (`tool_choice: auto`, `thinking: disabled`, an empty list of tools).
 */
function parametersOf(body: JsonObject): readonly string[] {
  const choice = objectField(body, 'tool_choice');
  const thinking = objectField(body, 'thinking');
  const outputConfig = objectField(body, 'output_config');
  const hasFormat = objectField(outputConfig ?? {}, 'format') ?? objectField(body, 'output_format');
  const used: Readonly<Record<string, boolean>> = {
    parallel_tool_calls: choice?.['disable_parallel_tool_use'] === true,
    reasoning: thinking !== undefined && thinking['type'] !== 'disabled',
    reasoning_effort: typeof outputConfig?.['effort'] === 'string',
    response_format: hasFormat !== undefined,
    stop: arrayField(body, 'stop_sequences').length > 0,
    structured_outputs: hasFormat !== undefined,
    temperature: numberField(body, 'temperature') !== undefined,
    tool_choice: choice !== undefined && choice['type'] !== 'auto',
    tools: arrayField(body, 'tools').some((tool) => !isWebSearch(tool)),
    top_k: numberField(body, 'top_k') !== undefined,
    top_p: numberField(body, 'top_p') !== undefined,
    web_search_options: arrayField(body, 'tools').some(isWebSearch),
  };
  return Object.keys(used).filter((name) => used[name] === true);
}

function isWebSearch(tool: JsonValue): boolean {
  return isJsonObject(tool) && (textField(tool, 'type') ?? '').startsWith('web_search_');
}

function modalitiesOf(tally: ContentTally): readonly Modality[] {
  const needed: Readonly<Record<Modality, boolean>> = {
    text: true,
    image: tally.images > 0,
    audio: false,
    video: false,
    file: tally.files > 0,
  };
  return MODALITIES.filter((modality) => needed[modality]);
}

function tallyContent(content: JsonValue | undefined, tally: ContentTally): void {
  if (typeof content === 'string') {
    tally.textLength += content.length;
  } else if (Array.isArray(content)) {
    for (const block of content as readonly JsonValue[]) {
      if (isJsonObject(block)) tallyBlock(block, tally);
    }
  }
}

function tallyBlock(block: JsonObject, tally: ContentTally): void {
  switch (block['type']) {
    case 'text':
      tally.textLength += textField(block, 'text')?.length ?? 0;
      break;
    case 'image':
      tally.images += 1;
      break;
    case 'document':
      tallyDocument(objectField(block, 'source') ?? {}, tally);
      tally.textLength += textLengthOf(block['title']) + textLengthOf(block['context']);
      break;
    case 'tool_result':
      tallyContent(block['content'], tally);
      break;
    case 'thinking':
      tally.textLength += textLengthOf(block['thinking']);
      break;
    case 'redacted_thinking':
      break;
    default:
      tally.textLength += textLengthOf(block);
  }
}

/** A document given as text or as content blocks needs no file support: any model can be shown its text. */
function tallyDocument(source: JsonObject, tally: ContentTally): void {
  if (source['type'] === 'text') tally.textLength += textLengthOf(source['data']);
  else if (source['type'] === 'content') tallyContent(source['content'], tally);
  else tally.files += 1;
}

/** Characters of all strings and keys in a value, which is close to what a tokeniser gets to see of it. */
function textLengthOf(value: JsonValue | undefined): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number' || typeof value === 'boolean') return 4;
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).reduce<number>((length, item) => length + textLengthOf(item), 0);
  }
  if (!isJsonObject(value)) return 0;
  let length = 0;
  for (const key of Object.keys(value)) length += key.length + textLengthOf(value[key]);
  return length;
}
