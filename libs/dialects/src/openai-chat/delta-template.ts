import type { JsonObject } from '@switchyard/contract';
import { memberSpans } from './member-edits.js';
import { defined, numberOf, objectOf, objectsOf, textOf } from './fields.js';

/**
 * The shape that most chunks of a stream share: everything but one string (`content`, reasoning, tool arguments) is the
 * same from chunk to chunk, save OpenAI's random `obfuscation`. A chunk that fits a learned template byte for byte is
 * valid JSON, carries a delta of choice 0 and nothing else, and can be read or renamed without parsing it.
 */
export class DeltaTemplate {
  private constructor(
    private readonly head: Segment,
    private readonly tail: Segment,
    /** What follows the value of `obfuscation`; null when the chunks have none. */
    private readonly rest: Segment | null,
    private readonly shape: BareDelta,
  ) {}

  /** The template of a parsed chunk; null when more than a bare delta is in it. `model`: the JSON text to put in place of the model's. */
  static learn(text: string, chunk: JsonObject, model: string): DeltaTemplate | null {
    const shape = bareDelta(chunk);
    if (shape === null || /[\r\n]/.test(text)) return null;
    const start = valueStart(text, shape.key);
    const end = start < 0 ? -1 : stringBodyEnd(text, start);
    if (end < 0 || decoded(text.slice(start, end)) !== shape.value) return null;
    const span = memberSpans(text, MODEL).get('model');
    const segment = (from: number, to: number): Segment => {
      const raw = text.slice(from, to);
      if (span === undefined || span.start < from || span.end > to) return { raw, renamed: raw };
      return { raw, renamed: text.slice(from, span.start) + model + text.slice(span.end, to) };
    };
    const random = text.indexOf(OBFUSCATION, end);
    if (random < 0) return new DeltaTemplate(segment(0, start), segment(end, text.length), null, shape);
    const randomStart = random + OBFUSCATION.length;
    const randomEnd = stringBodyEnd(text, randomStart);
    if (randomEnd < 0) return null;
    return new DeltaTemplate(segment(0, start), segment(end, randomStart), segment(randomEnd, text.length), shape);
  }

  /** The string of the delta in a chunk that fits, else null. */
  match(text: string): string | null {
    const end = this.bodyEnd(text);
    return end < 0 ? null : decoded(text.slice(this.head.raw.length, end));
  }

  /** A chunk that fits, with its model renamed. */
  rename(text: string): string {
    const { head, tail, rest } = this;
    if (rest === null) {
      return head.renamed + text.slice(head.raw.length, text.length - tail.raw.length) + tail.renamed;
    }
    const end = stringBodyEnd(text, head.raw.length);
    const random = text.slice(end + tail.raw.length, text.length - rest.raw.length);
    return head.renamed + text.slice(head.raw.length, end) + tail.renamed + random + rest.renamed;
  }

  /** The delta that a string matched by this template stands for. */
  delta(value: string): JsonObject {
    const { key, callIndex } = this.shape;
    if (key !== 'arguments') return { [key]: value };
    return { tool_calls: [{ ...callIndex, function: { arguments: value } }] };
  }

  /** Where the string of the delta ends in a chunk that fits, else -1. */
  private bodyEnd(text: string): number {
    const { head, tail, rest } = this;
    if (!text.startsWith(head.raw)) return -1;
    const end = stringBodyEnd(text, head.raw.length);
    if (end < 0 || !text.startsWith(tail.raw, end)) return -1;
    const tailEnd = end + tail.raw.length;
    if (rest === null) return tailEnd === text.length ? end : -1;
    const randomEnd = stringBodyEnd(text, tailEnd);
    return randomEnd >= 0 && text.length - randomEnd === rest.raw.length && text.endsWith(rest.raw) ? end : -1;
  }
}

/** What a chunk carries that is nothing but one string of choice 0. */
interface BareDelta {
  readonly key: 'content' | 'reasoning_content' | 'reasoning' | 'arguments';
  readonly value: string;
  /** The `index` member of the tool delta that the arguments belong to, if it has one. */
  readonly callIndex: { readonly index?: number };
}

/** A stretch of text, as received and with the model renamed. */
interface Segment {
  readonly raw: string;
  readonly renamed: string;
}

const MODEL: ReadonlySet<string> = new Set(['model']);
const OBFUSCATION = '"obfuscation":"';
const TEXT_KEYS = ['content', 'reasoning_content', 'reasoning'] as const;
// eslint-disable-next-line no-control-regex -- JSON strings may not hold control characters
const STRING_BODY = /[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y;

/** The end of a JSON string's body that begins at `start`, before its closing quote; -1 when it is not one. */
function stringBodyEnd(text: string, start: number): number {
  STRING_BODY.lastIndex = start;
  STRING_BODY.test(text);
  const end = STRING_BODY.lastIndex;
  return text.charCodeAt(end) === 0x22 ? end : -1;
}

/** Where the one string value of a key begins; -1 when the key stands more than once or with a space after the colon. */
function valueStart(text: string, key: string): number {
  const needle = `"${key}":"`;
  const at = text.indexOf(needle);
  return at >= 0 && at === text.lastIndexOf(needle) ? at + needle.length : -1;
}

/** A JSON string's body as the string it stands for. */
function decoded(body: string): string {
  return body.includes('\\') ? (JSON.parse(`"${body}"`) as string) : body;
}

function bareDelta(chunk: JsonObject): BareDelta | null {
  const choices = objectsOf(chunk['choices']);
  const [choice] = choices;
  if (choice === undefined || choices.length > 1 || (numberOf(choice['index']) ?? 0) !== 0) return null;
  const more = [choice['finish_reason'], choice['stop_reason'], choice['logprobs'], chunk['usage'], chunk['x_groq']];
  if (more.some(isGiven)) return null;
  const [member, ...others] = Object.entries(objectOf(choice['delta']) ?? {}).filter(([, value]) => isGiven(value));
  if (member === undefined || others.length > 0) return null;
  const [name, value] = member;
  if (name === 'tool_calls') return bareArguments(value);
  const key = TEXT_KEYS.find((candidate) => candidate === name);
  const text = textOf(value);
  return key === undefined || text === undefined ? null : { key, value: text, callIndex: {} };
}

/** One tool delta with an index and arguments alone. */
function bareArguments(value: JsonObject[string]): BareDelta | null {
  const [call, ...others] = objectsOf(value);
  if (call === undefined || others.length > 0) return null;
  const body = objectOf(call['function']) ?? {};
  const text = textOf(body['arguments']);
  const index = numberOf(call['index']);
  const isBare =
    Object.keys(call).every((key) => key === 'index' || key === 'function') && Object.keys(body).length === 1;
  return isBare && text !== undefined ? { key: 'arguments', value: text, callIndex: defined({ index }) } : null;
}

function isGiven(value: JsonObject[string]): boolean {
  return value !== undefined && value !== null;
}
