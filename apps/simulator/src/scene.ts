import type { Answer } from './answer.js';
import type { Ask } from './ask.js';
import type { Exchange } from './exchange.js';
import { dueMs, type Pace } from './pace.js';
import type { Piece } from './piece.js';
import type { Refusal } from './refusal.js';
import type { SimulatedDialect, Voice } from './voice.js';

/** A JSON body is cut into pieces of this size where a fault speaks of pieces. */
const JSON_PIECE_CHARACTERS = 64;

const EVENT_STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
const JSON_HEADERS = { 'content-type': 'application/json' };

export interface SceneParts {
  readonly exchange: Exchange;
  readonly dialect: SimulatedDialect;
  readonly voice: Voice;
  readonly ask: Ask;
  readonly pace: Pace;
  readonly compose: () => Answer;
}

/** A request that was understood, and the means to answer it, well or badly. */
export class Scene {
  readonly exchange: Exchange;
  readonly dialect: SimulatedDialect;
  readonly voice: Voice;
  readonly ask: Ask;
  readonly pace: Pace;
  readonly #compose: () => Answer;
  #answer: Answer | undefined;

  constructor(parts: SceneParts) {
    this.exchange = parts.exchange;
    this.dialect = parts.dialect;
    this.voice = parts.voice;
    this.ask = parts.ask;
    this.pace = parts.pace;
    this.#compose = parts.compose;
  }

  get streams(): boolean {
    return this.ask.stream;
  }

  /** Composed once and only if asked for: composing counts the prompt cache. */
  answer(): Answer {
    this.#answer ??= this.#compose();
    return this.#answer;
  }

  headers(): Readonly<Record<string, string>> {
    const kind = this.streams ? EVENT_STREAM_HEADERS : JSON_HEADERS;
    return { ...kind, ...this.dialect.headers(this.exchange.record.id) };
  }

  /** The body of a good answer in order: events of a stream, slices of a JSON text. */
  *pieces(answer: Answer = this.answer()): Generator<Piece> {
    if (this.streams) {
      yield* this.voice.events(answer);
      return;
    }
    const text = JSON.stringify(this.voice.json(answer));
    for (let start = 0; start < text.length; start += JSON_PIECE_CHARACTERS) {
      yield { bytes: text.slice(start, start + JSON_PIECE_CHARACTERS), role: 'content', tokens: 0 };
    }
  }

  /** The whole body of a good answer. */
  text(answer: Answer = this.answer()): string {
    return [...this.pieces(answer)].map((piece) => piece.bytes).join('');
  }

  /** Answers well: at the pace, whole. */
  async play(answer: Answer = this.answer(), pace: Pace = this.pace): Promise<void> {
    if (this.streams) {
      this.exchange.head(200, this.headers());
      if (await this.send(this.pieces(answer), pace)) this.exchange.end();
      return;
    }
    const body = JSON.stringify(this.voice.json(answer));
    const tokens = body.length / 4;
    if (!(await this.exchange.sleep(dueMs(pace, Number.isFinite(pace.tokensPerSecond) ? tokens : 0)))) return;
    this.exchange.reply(200, this.headers(), body);
  }

  /** Sends pieces at the pace. False when the client went. */
  async send(pieces: Iterable<Piece>, pace: Pace = this.pace): Promise<boolean> {
    const startMs = performance.now();
    let tokens = 0;
    for (const piece of pieces) {
      if (piece.role === 'content') {
        const waitMs = startMs + dueMs(pace, tokens) - performance.now();
        if (waitMs > 0 && !(await this.exchange.sleep(waitMs))) return false;
        tokens += piece.tokens;
      }
      this.exchange.record.tokensWritten += piece.tokens;
      const going = this.streams ? await this.exchange.writeEvent(piece.bytes) : await this.exchange.write(piece.bytes);
      if (!going) return false;
    }
    return this.exchange.isOpen();
  }

  refuse(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): void {
    refuse(this.exchange, this.dialect, refusal, headers);
  }
}

/** Answers with an HTTP error in the dialect's shape. */
export function refuse(
  exchange: Exchange,
  dialect: SimulatedDialect,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): void {
  const id = exchange.record.id;
  const body = JSON.stringify(dialect.refusalBody(refusal, id));
  exchange.reply(refusal.status, { ...JSON_HEADERS, ...dialect.headers(id), ...headers }, body);
}
