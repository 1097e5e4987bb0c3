import type {
  DialectId,
  Endpoint,
  GatewayError,
  JsonObject,
  Modality,
  Model,
  UpstreamFailure,
} from '@switchyard/contract';
import type { Answer, Conversation, StopReason, StreamEvent, UsageReport } from '@switchyard/conversation';
import type { Deviations } from './deviations.js';
import type { SseFrame } from './sse/frame.js';

/** What planning needs to know of a body, read without copying content. */
export interface BodyFacts {
  readonly model: string | null;
  /** In the words of `supported_parameters`; sorted, no duplicates. */
  readonly parameters: readonly string[];
  readonly inputModalities: readonly Modality[];
  readonly outputModalities: readonly Modality[];
  /** The largest of the declared limits, so that a smaller duplicate cannot under-reserve. */
  readonly maxOutputTokens: number | null;
  /** Characters of text that will be tokenised (system, messages, tool schemas), and images, for the token estimate. */
  readonly textLength: number;
  readonly images: number;
  readonly stream: boolean;
  readonly serviceTier: string | null;
  readonly speed: string | null;
}

/** Web searches that a request is taken to allow when it allows them without saying how many. */
export const SEARCHES_UNSTATED = 10;

/** What bounds the cost of a request beside its facts. Read only for callers whose spending is limited. */
export interface BodyBounds {
  /** Messages, a system prompt included: each costs a few tokens of frame. */
  readonly messages: number;
  /** Answers asked for. */
  readonly choices: number;
  readonly webSearchesMax: number;
}

/** Where a request is going. */
export interface RequestTarget {
  readonly endpoint: Endpoint;
  readonly model: Model;
  readonly deviations: Deviations;
  /** Name of the provider profile: the `origin` of signatures that may be replayed there. */
  readonly origin: string;
  /** Takes the place of whatever names the caller's own user; absent = it is sent as the dialect sends it. */
  readonly hashUser?: (user: string) => string;
}

/**
 * Changes of form that a request needed and that its answer must undo, beside names. Made by `writeRequest`, handed to
 * the answer reader of the same attempt as it is.
 */
export interface AnswerShape {
  /** Names, as sent, of free-form tools that went out as `{input: string}`: their calls carry plain text. */
  readonly customTools?: readonly string[];
  /** Name, as sent, of the tool that stands in for a JSON response format: its input is the answer's text. */
  readonly jsonTool?: string;
  /** True when JSON was asked for in words: a Markdown fence around the whole text is taken off. */
  readonly stripFences?: boolean;
}

export interface WrittenRequest {
  readonly body: JsonObject;
  /** Names of what the dialect could not express and was left out (`top_k`, `cache_control`, `thinking.signature`), sorted, no duplicates. */
  readonly dropped: readonly string[];
  /** Tool names and ids that had to be changed: sent -> original, to be undone in the answer. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Absent = nothing changed form. */
  readonly shape?: AnswerShape;
}

/** Where an answer comes from. */
export interface AnswerOrigin {
  readonly origin: string;
  readonly deviations: Deviations;
  readonly renamed: ReadonlyMap<string, string>;
  /** The `shape` of the written request. */
  readonly shape?: AnswerShape;
}

/** What a writer must know to address the client. */
export interface AnswerHead {
  /** Switchyard's generation id without prefix; a writer makes `msg_<id>` or `chatcmpl-<id>` of it. */
  readonly generationId: string;
  readonly createdS: number;
  /** Public id of the model that served (`acme/m1`). */
  readonly publicModel: string;
  readonly provider: string;
  /** Name of the provider profile: what reasoning without a signature of its own is tagged with. */
  readonly origin: string;
  /** OpenAI client asked for `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  /** `compat: naga`: adds `created` to a Messages answer (G18). */
  readonly compatNaga: boolean;
  /** The `routing` object, when the caller asked for it (G17). Called once, when the answer ends. */
  readonly routing: (() => JsonObject) | null;
}

/** The same, and what the answer cost. */
export interface AnswerContext extends AnswerHead {
  /**
   * `usage.cost` and `usage.cost_details` of what is charged for a report and this many characters of content; null = leave
   * them out.
   */
  readonly costFields: (report: UsageReport, contentLength: number) => JsonObject | null;
}

/** For writers of a translated answer, whose relay knows how much was delivered. */
export interface WriteContext extends AnswerHead {
  readonly costFields: (report: UsageReport) => JsonObject | null;
}

/** Upstream frames -> neutral events. One per attempt. Throws `UpstreamError` on an error frame or a broken stream. */
export interface StreamReader {
  read(frame: SseFrame): readonly StreamEvent[];
  /** The upstream closed. Emits what is still owed; throws `UpstreamError(truncated)` when no terminator was seen. */
  end(): readonly StreamEvent[];
}

/** Neutral events -> text for the client (complete SSE frames). One per answer. */
export interface StreamWriter {
  write(event: StreamEvent): string;
}

/** Same dialect on both sides: upstream frames -> frames for the client, with a tap. */
export interface StreamTap {
  /** Text for the client; `''` when the frame is not for it. Throws `UpstreamError` on an error frame or a broken stream. */
  pass(frame: SseFrame): string;
  end(): string;
  readonly progress: StreamProgress;
}

/** What is known of a streamed answer so far. Mutable: one object per attempt, read by dispatch after each batch of frames. */
export interface StreamProgress {
  /** A text, thinking, tool or refusal delta was produced: the content commit point. */
  semantic: boolean;
  /** The dialect's terminator was seen (`message_stop`; `[DONE]`, or a finish reason at end of stream). */
  done: boolean;
  usage: UsageReport;
  stopReason: StopReason | null;
  upstreamModel: string;
  upstreamId: string;
  serviceTier: string | null;
  /** Characters of content passed on, for an estimate when the stream breaks before usage arrives. */
  contentLength: number;
}

/** What was learned of a whole answer. */
export interface AnswerSummary {
  readonly usage: UsageReport;
  readonly stopReason: StopReason | null;
  readonly upstreamModel: string;
  readonly upstreamId: string;
  readonly serviceTier: string | null;
  readonly contentLength: number;
}

/** A wire protocol, complete in four directions, and its pass-through diagonal. Pure: no I/O, no clock, no randomness. */
export interface Dialect {
  readonly id: DialectId;
  /** `supported_parameters` words this dialect has a form for; the rest of a foreign request's parameters would be dropped. */
  readonly expressible: ReadonlySet<string>;

  /** Checks the envelope (types of the fields Switchyard reads, never content) and reads the facts. Throws `GatewayError(invalid_request)` naming the field. */
  readFacts(body: JsonObject): BodyFacts;
  /** `body` passed `readFacts`. */
  readBounds(body: JsonObject): BodyBounds;
  readRequest(body: JsonObject): Conversation;
  writeRequest(conversation: Conversation, target: RequestTarget): WrittenRequest;

  /** Throws `UpstreamError` when the body is an error, empty or not this dialect. */
  readAnswer(body: JsonObject, origin: AnswerOrigin): Answer;
  writeAnswer(answer: Answer, context: WriteContext): JsonObject;

  streamReader(origin: AnswerOrigin): StreamReader;
  streamWriter(context: WriteContext): StreamWriter;

  /** Edits for a body that stays in this dialect: top-level key -> replacement JSON value, or `undefined` to cut the key. */
  passRequest(body: JsonObject, target: RequestTarget): ReadonlyMap<string, JsonObject[string]>;
  /** Edits for a JSON answer that stays in this dialect (model, usage.cost, routing), and the summary. Throws like `readAnswer`. */
  passAnswer(
    body: JsonObject,
    origin: AnswerOrigin,
    context: AnswerContext,
  ): { readonly edits: ReadonlyMap<string, JsonObject[string]>; readonly summary: AnswerSummary };
  streamTap(origin: AnswerOrigin, context: AnswerContext): StreamTap;

  /** Path appended to a provider's base URL (`/v1/messages`, `/chat/completions`). */
  readonly path: string;
  /** Headers that sign an upstream request in, and the dialect's own constants. */
  signIn(apiKey: string): Readonly<Record<string, string>>;

  /**
   * Classifies an upstream's non-2xx answer. `body` is at most a few KB of text and may be anything. `nowMs`: Unix
   * milliseconds, for a `retry-after` that is a date; without it only the upstream's own `date` is there to hold it against.
   */
  readError(
    status: number,
    body: string,
    headers: Readonly<Record<string, string | undefined>>,
    nowMs?: number,
  ): UpstreamFailure;
  /** The failure that a body under a 200 amounts to where a stream was asked for; `null` when it is not an error of this dialect. */
  readErrorUnder200(body: string): UpstreamFailure | null;
  /** The error body in this dialect's shape. */
  writeError(error: GatewayError, requestId: string): JsonObject;
  /** The in-stream error, as complete SSE frames; nothing may follow it. */
  writeStreamError(error: GatewayError, requestId: string, context: AnswerHead): string;
  /** A frame that keeps an idle stream open. `started` = the client has seen the start of a message. */
  keepAlive(started: boolean): string;
}
