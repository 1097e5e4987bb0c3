import { UpstreamError, parseJson } from '@switchyard/contract';
import type { Credential, Endpoint, JsonObject, Model, UpstreamFailure } from '@switchyard/contract';
import { decodeBody, dialectOf, relayRequest } from '@switchyard/dialects';
import type { AnswerOrigin, Dialect } from '@switchyard/dialects';
import { profileFor } from '@switchyard/providers';
import type {
  TimerHandle,
  TimerWheel,
  Transport,
  UpstreamCall,
  UpstreamHandler,
  UpstreamHeaders,
  UpstreamRequest,
} from '@switchyard/transport';
import { addressOf } from '../address-of.js';
import { poolKeyOf, signInHeaders } from '../callers-account.js';
import { failureOfAnswer } from '../upstream-answer.js';

/** Longest a probe may take. */
const PROBE_MS = 30_000;
const CONNECT_MS = 3_000;
/** More than a completion of one token needs; of a list of models nothing is read. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** All that is ever sent: nothing of any caller. */
const QUESTION = { model: 'probe', max_tokens: 1, messages: [{ role: 'user', content: 'ping' }] };

export interface ProbeAsk {
  /** `models`: the list of models, free of charge; `completion`: one token at the operator's cost. */
  readonly mode: 'models' | 'completion';
  readonly model: Model;
  readonly endpoint: Endpoint;
  readonly credential: Credential;
}

export interface ProbeTools {
  readonly transport: Pick<Transport, 'send'>;
  readonly wheel: TimerWheel;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** A request of Switchyard's own to one endpoint. Resolves with what went wrong, `null` = it was answered. */
export function probe(ask: ProbeAsk, tools: ProbeTools): Promise<UpstreamFailure | null> {
  return new Promise((resolve) => {
    new Probe(ask, tools, resolve).start();
  });
}

class Probe implements UpstreamHandler {
  private readonly dialect: Dialect;
  private readonly chunks: Buffer[] = [];
  private status = 0;
  private headers: UpstreamHeaders = {};
  private origin: AnswerOrigin | null = null;
  private call: UpstreamCall | null = null;
  private timer: TimerHandle | null = null;
  private isOver = false;

  constructor(
    private readonly ask: ProbeAsk,
    private readonly tools: ProbeTools,
    private readonly done: (failure: UpstreamFailure | null) => void,
  ) {
    this.dialect = dialectOf(ask.endpoint.provider.dialect);
  }

  start(): void {
    this.timer = this.tools.wheel.set(PROBE_MS, () => {
      this.call?.abort();
      this.end({ class: 'timeout', status: null, message: 'The probe was not answered in time.' });
    });
    this.call = this.tools.transport.send(this.request(), this);
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    this.status = status;
    this.headers = headers;
    // A host that has no such list has answered as well.
    const isAnswered = (status >= 200 && status <= 299) || status === 404 || status === 405;
    if (this.ask.mode === 'completion' || !isAnswered) return;
    this.end(null);
    this.call?.abort();
  }

  onData(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onEnd(): void {
    this.end(this.failureOf(Buffer.concat(this.chunks)));
  }

  onError({ failure }: UpstreamError): void {
    this.end(failure);
  }

  private end(failure: UpstreamFailure | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.done(failure);
  }

  private request(): UpstreamRequest {
    const { endpoint, credential } = this.ask;
    const { provider } = endpoint;
    const { origin, prefix } = addressOf(provider);
    const connectTimeoutMs = provider.timeouts.connectMs ?? CONNECT_MS;
    const headers = {
      ...signInHeaders(this.dialect, credential),
      ...provider.headers,
      accept: 'application/json',
      'accept-encoding': 'identity',
    };
    const common = {
      origin,
      connectTimeoutMs,
      headersTimeoutMs: PROBE_MS,
      maxBodyBytes: ANSWER_BYTES_MAX,
      poolKey: poolKeyOf(provider, credential),
      guard: null,
    };
    if (this.ask.mode === 'models')
      return { ...common, method: 'GET', path: prefix + this.modelsPath, headers, body: '' };
    return {
      ...common,
      method: 'POST',
      path: prefix + this.dialect.path,
      headers: { ...headers, 'content-type': 'application/json' },
      body: this.completion(),
    };
  }

  /** A base URL has `/v1` for OpenAI's dialects, and not for Anthropic's. */
  private get modelsPath(): string {
    return this.dialect.id === 'anthropic-messages' ? '/v1/models' : '/models';
  }

  private completion(): Buffer | string {
    const { endpoint, model } = this.ask;
    const { deviations, id } = profileFor(endpoint.provider);
    const chat = dialectOf('openai-chat');
    const body = decodeBody(Buffer.from(JSON.stringify(QUESTION)), { maxDepth: 8 });
    const target = { endpoint, model, deviations, origin: id };
    const isHintKey = (): boolean => false;
    const relayed = relayRequest(chat, this.dialect, body, target, isHintKey, () => chat.readRequest(body.json));
    this.origin = { origin: id, deviations, renamed: relayed.renamed, ...(relayed.shape && { shape: relayed.shape }) };
    return relayed.body;
  }

  private failureOf(body: Buffer): UpstreamFailure | null {
    const { dialect, status, headers, origin } = this;
    if (status < 200 || status > 299) return failureOfAnswer(dialect, status, headers, body, this.tools.now());
    try {
      if (origin !== null) dialect.readAnswer(parseJson(body.toString()) as JsonObject, origin);
      return null;
    } catch (error) {
      if (error instanceof UpstreamError) return error.failure;
      return { class: 'invalid_answer', status, message: 'The answer to the probe could not be read.' };
    }
  }
}
