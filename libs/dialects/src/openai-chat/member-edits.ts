import { stringEnd } from '@switchyard/contract';

/** Where a member's value stands in a JSON text: half open. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The spans of the values of an object's own members, by key. The text must be valid JSON of an object; of a duplicate
 * key the last one counts, as in `JSON.parse`. For the small objects of a stream; whole bodies are scanned as bytes.
 */
export function memberSpans(text: string, keys: ReadonlySet<string>): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  let at = text.indexOf('{') + 1;
  for (;;) {
    const keyStart = text.indexOf('"', at);
    if (keyStart < 0) return spans;
    const keyEnd = stringEnd(text, keyStart + 1);
    const start = skipSpace(text, text.indexOf(':', keyEnd) + 1);
    const end = valueEnd(text, start);
    const key = text.slice(keyStart + 1, keyEnd - 1);
    if (keys.has(key)) spans.set(key, { start, end });
    at = end;
  }
}

/** The text with some members' values replaced and others appended, each given as JSON text; every other byte stays. */
export function editMembers(
  text: string,
  replacements: ReadonlyMap<string, string>,
  additions: ReadonlyMap<string, string>,
): string {
  const spans = [...memberSpans(text, new Set(replacements.keys()))].sort(([, a], [, b]) => b.start - a.start);
  let edited = text;
  for (const [key, span] of spans) {
    edited = edited.slice(0, span.start) + (replacements.get(key) ?? '') + edited.slice(span.end);
  }
  if (additions.size === 0) return edited;
  const close = edited.lastIndexOf('}');
  const members = [...additions].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',');
  const separator = /\{\s*$/.test(edited.slice(0, close)) ? '' : ',';
  return edited.slice(0, close) + separator + members + edited.slice(close);
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start + 1);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return primitiveEnd(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at + 1) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return text.length;
}

function primitiveEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[^,\]}\s]/.test(text.charAt(at))) at++;
  return at;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
