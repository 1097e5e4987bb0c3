import type { JsonObject } from '@switchyard/contract';
import type { Answer, PromptTokens } from './answer.js';
import type { Ask } from './ask.js';
import type { Piece } from './piece.js';
import type { PromptCache } from './prompt-cache.js';
import type { Refusal } from './refusal.js';
import type { Signer } from './signature.js';

export type SimulatedDialectId = 'anthropic-messages' | 'openai-chat';

/** What a dialect holds a request against. */
export interface ReadingRules {
  readonly signer: Signer;
  /** Refuse the routing hints of gateways: none may ever arrive here. */
  readonly rejectHints: boolean;
  /** Refuse every unknown top-level field. */
  readonly strict: boolean;
  /** Answer whatever can be answered: values, names and the order of messages are not checked. */
  readonly lenient: boolean;
  /** Only the size of the prompt is wanted, so `max_tokens` may be missing. */
  readonly counting: boolean;
  readonly provider: string | null;
}

/** How one request is answered in its dialect. */
export interface Voice {
  json(answer: Answer): JsonObject;
  events(answer: Answer): Iterable<Piece>;
  /** Raw stretches of an event stream from which faults are made. */
  readonly oddities: Oddities;
}

export interface Oddities {
  readonly ping: string;
  /** Events and fields of a future version of the protocol. */
  readonly unknown: readonly string[];
  /** An event whose JSON is broken. */
  readonly malformed: string;
  /** A text delta that fits between the others. */
  text(text: string): string;
  error(refusal: Refusal): string;
  /** The event that opens an answer, once more and under another id. */
  secondStart(answer: Answer): string;
  /** The terminator alone: `message_stop` or `[DONE]`. */
  readonly terminator: string;
}

/** An upstream protocol as its vendor implements it. */
export interface SimulatedDialect {
  readonly id: SimulatedDialectId;
  readonly toolIdPrefix: string;
  /** @throws Refusal in the vendor's words when the request is not one the vendor would serve. */
  read(body: JsonObject, rules: ReadingRules): Ask;
  speak(body: JsonObject, ask: Ask, identity: AnswerIdentity): Voice;
  refusalBody(refusal: Refusal, requestId: string): JsonObject;
  /** Headers of every answer. */
  headers(requestId: string): Readonly<Record<string, string>>;
  /** The usual text for a bare HTTP status. */
  refusalFor(status: number): Refusal;
  contextOverflow(): Refusal;
  wrongKey(key: string | undefined): Refusal;
  countPrompt(cache: PromptCache, ask: Ask): PromptTokens;
}

/** The identifiers of one answer, repeatable by seed and body. */
export interface AnswerIdentity {
  readonly letters: string;
  readonly createdS: number;
}
