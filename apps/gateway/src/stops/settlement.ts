import { Inject, Injectable } from '@nestjs/common';
import { totalInput, totalOutput } from '@switchyard/contract';
import type { GatewayError, Protocol } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import type { Caller } from '@switchyard/identity';
import { costOfLine, roundedMs, tokensOfLine } from '@switchyard/telemetry';
import type { RequestLine } from '@switchyard/telemetry';
import { generationIdOf } from '../edge/request-ids.js';
import type { RequestIds } from '../edge/request-ids.js';
import { ProcessLog } from '../process/process-log.js';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';
import { PromptFrames } from './prompt-frames.js';
import { countAttempts, countRequest } from './request-metrics.js';
import type { Reserved } from './reserver.js';
import { RunningRequests } from './running-requests.js';
import { recordAtEnd } from './usage-record.js';
import { StickySessions } from './sticky-sessions.js';

/** Whose request it was. */
export interface SettledRequest {
  readonly ids: RequestIds;
  readonly caller: Caller;
  readonly protocol: Protocol;
  readonly sessionId: string | null;
  readonly reserved: Reserved;
}

/** Whose request it would have been; the key is unknown when it was refused before or for its key. */
export interface RefusedRequest {
  readonly ids: RequestIds;
  readonly protocol: Protocol;
  readonly keyId: string | null;
}

/** Log lines of refusals per second: a flood of bad requests must not become a flood of log. */
const REFUSAL_LINES_PER_SECOND = 20;

/** Stop 8: what a request used is written down, exactly once, whatever happened. */
@Injectable()
export class Settlement {
  private refusalSecond = 0;
  private refusalLines = 0;

  constructor(
    private readonly log: ProcessLog,
    private readonly sticky: StickySessions,
    private readonly running: RunningRequests,
    private readonly frames: PromptFrames,
    @Inject(PROCESS_SERVICES) private readonly services: ProcessServices,
  ) {}

  /** `sendLast` writes the last byte to the client; it is called once the record is safe. */
  settle(request: SettledRequest, outcome: Outcome, sendLast: () => void): void {
    const { start, held, prompt } = request.reserved;
    const { limits, journal, metrics } = this.services;
    this.running.remove(start.id);
    if (outcome.status === 'completed' && outcome.served !== null) {
      this.sticky.keep(request.caller.tenantId, request.sessionId, outcome.served.endpoint);
    }
    if (prompt !== null) this.frames.learn(prompt, outcome);
    const { usage, cost } = outcome;
    if (held !== null) {
      limits.settle(held, {
        inputTokens: totalInput(usage),
        outputTokens: totalOutput(usage),
        costNanoUsd: cost.nanoUsd,
      });
    }
    countRequest(metrics, request.protocol, outcome.status, usage, cost.nanoUsd);
    countAttempts(metrics, outcome.attempts);
    this.log.logRequest(lineOf(request, outcome));
    journal.finish(recordAtEnd(start, outcome), (error) => {
      if (error !== null) this.log.logger.error({ err: error, id: start.id }, 'a record waits for the journal');
      sendLast();
    });
  }

  /** A request refused before any upstream call: sampled, and never with what it said. */
  refused(request: RefusedRequest, error: GatewayError): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.refusalSecond) {
      this.refusalSecond = second;
      this.refusalLines = 0;
    }
    this.refusalLines += 1;
    if (this.refusalLines > REFUSAL_LINES_PER_SECOND) return;
    const { ids, protocol, keyId } = request;
    this.log.logger.info({ request_id: ids.requestId, protocol, key_id: keyId, error: error.code }, 'refused');
  }
}

function lineOf({ ids, caller, protocol }: SettledRequest, outcome: Outcome): RequestLine {
  return {
    id: generationIdOf(ids),
    request_id: ids.requestId,
    key_id: caller.keyId,
    tenant: caller.tenantId,
    protocol,
    status: outcome.status,
    error: outcome.error?.code ?? null,
    model: outcome.served?.model.id ?? null,
    provider: outcome.served?.endpoint.provider.id ?? null,
    endpoint: outcome.served?.endpoint.tag ?? null,
    attempts: outcome.attempts.map((attempt) => ({
      endpoint: attempt.endpoint,
      status: attempt.status,
      error_class: attempt.errorClass,
      latency_ms: roundedMs(attempt.latencyMs),
    })),
    streamed: outcome.streamed,
    finish_reason: outcome.stopReason,
    usage_source: outcome.usageSource,
    usage_suspect: outcome.usageSuspect,
    tokens: tokensOfLine(outcome.usage),
    ...costOfLine(outcome.cost),
    dropped: outcome.dropped,
    latency_ms: roundedMs(outcome.latencyMs),
    first_token_ms: outcome.firstTokenMs === null ? null : roundedMs(outcome.firstTokenMs),
    upstream_id: outcome.upstreamId,
  };
}
