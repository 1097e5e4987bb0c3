import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Protocol } from '@switchyard/contract';
import { presentedSecret } from '@switchyard/identity';
import type { Caller } from '@switchyard/identity';
import { RuntimeState } from '../../control/runtime-state.js';
import type { Loaded } from '../../control/runtime-state.js';
import { keyHeadersOf } from '../../edge/credentials-of.js';
import { ProcessLog } from '../../process/process-log.js';
import { PROCESS_SERVICES } from '../../process/process-services.js';
import type { ProcessServices } from '../../process/process-services.js';
import { TapeRoom } from './answer-tape.js';
import { Claim } from './claim.js';
import type { ClaimDesk } from './claim.js';
import type { ClaimAnswer, ClaimStore } from './claim-store.js';
import { LEASE_MS } from './claim-store.js';
import { answeredBefore, keyTaken, noSharedStore, stillRunning, storeAway } from './idempotency-errors.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { LocalClaims } from './local-claims.js';
import { RedisClaims } from './redis-claims.js';
import { answerKeyOf, fingerprintOf, openAnswer, sealAnswer, slotOf } from './sealed-answer.js';
import type { KeptAnswer } from './sealed-answer.js';
import { UnsavedAnswers } from './unsaved-answers.js';

/** Answers kept in a process without Redis. */
const LOCAL_BYTES_MAX = 64 * 1024 * 1024;
/** Copies of answers that are under way. */
const ROOM_BYTES = 64 * 1024 * 1024;
const RENEW_MS = LEASE_MS / 3;
/** How long a process waits for the store before it takes requests without. */
const STORE_WAIT_MS = 1_000;

/** A request with an `Idempotency-Key`, read to its end. */
export interface KeyedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Digits of the generation id. */
  readonly owner: string;
  readonly protocol: Protocol;
  readonly loaded: Loaded;
  readonly caller: Caller;
  readonly body: Buffer;
}

/** What a request with an `Idempotency-Key` gets: the right to run, or the answer that it got before. */
export type Claimed = { readonly claim: Claim } | { readonly replay: KeptAnswer };

/** Sees to it that of all requests with the same `Idempotency-Key` one runs, and the others get its answer. */
@Injectable()
export class Idempotency implements ClaimDesk, OnModuleInit, OnApplicationShutdown {
  readonly room = new TapeRoom(ROOM_BYTES);
  /** `null` = several processes answer, and nothing is shared between them. */
  private readonly store: ClaimStore | null;
  private readonly unsaved: UnsavedAnswers;
  private readonly running = new Set<Claim>();
  private readonly saving = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    state: RuntimeState,
    log: ProcessLog,
    @Inject(PROCESS_SERVICES) private readonly services: ProcessServices,
  ) {
    const { redis, server } = state.current.config;
    if (redis !== null) this.store = new RedisClaims(redis.url);
    else this.store = server.workers > 1 ? null : new LocalClaims(LOCAL_BYTES_MAX);
    this.unsaved = new UnsavedAnswers(log.logger);
    this.timer = setInterval(() => {
      this.renew();
    }, RENEW_MS);
    this.timer.unref();
  }

  async onModuleInit(): Promise<void> {
    await this.store?.whenReady(STORE_WAIT_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.unsaved.stop();
    await Promise.all(this.saving);
    this.store?.close();
  }

  /** Rejects with the `GatewayError` that the request is refused with. */
  async claim(request: KeyedRequest): Promise<Claimed> {
    const { store } = this;
    const idempotencyKey = idempotencyKeyOf(request.request);
    if (store === null) throw noSharedStore();
    const claim = this.claimOf(request, idempotencyKey);
    const answer = await this.asked(store, claim);
    switch (answer.outcome) {
      case 'claimed':
        this.count('claimed');
        this.hold(claim, request.response);
        return { claim };
      case 'running':
        this.count('running');
        throw stillRunning();
      case 'mismatch':
        this.count('mismatch');
        throw keyTaken();
      case 'not_kept':
        this.count('not_kept');
        throw answeredBefore(answer.owner);
      case 'kept':
        return { replay: this.opened(claim, answer.sealed, answer.owner) };
    }
  }

  completed(claim: Claim, answer: KeptAnswer | null, done: () => void): void {
    const { store } = this;
    if (store === null) throw new Error('Nothing can be claimed without a store');
    this.running.delete(claim);
    const { ask, keepMs } = claim;
    const sealed = answer === null ? null : sealAnswer(answer, claim.key, ask.slot);
    const saving = store
      .keep(ask, sealed, keepMs)
      .catch((error: unknown) => {
        this.unsaved.add(ask.slot, { sealed, keepMs, save: (kept) => store.keep(ask, kept, keepMs) }, error);
      })
      .then(done)
      .finally(() => this.saving.delete(saving));
    this.saving.add(saving);
  }

  released(claim: Claim): void {
    this.running.delete(claim);
    // One that is not heard ends with its lease.
    this.store?.release(claim.ask).catch(() => undefined);
  }

  private claimOf(request: KeyedRequest, idempotencyKey: string): Claim {
    const { loaded, caller, protocol, body, owner } = request;
    const { security, idempotency } = loaded.config;
    const secret = presentedSecret(keyHeadersOf(request.request));
    if (secret === null) throw new Error('A caller that was let in presented no key');
    const ask = {
      slot: slotOf(caller, idempotencyKey, security.pepper),
      fingerprint: fingerprintOf(protocol, body, security.pepper),
      owner,
    };
    const key = answerKeyOf(secret, idempotencyKey, security.pepper);
    return new Claim(this, ask, key, idempotency.keepMs, idempotency.maxAnswerBytes);
  }

  private async asked(store: ClaimStore, { ask }: Claim): Promise<ClaimAnswer> {
    try {
      return await store.claim(ask);
    } catch {
      this.count('unavailable');
      throw storeAway();
    }
  }

  private hold(claim: Claim, response: ServerResponse): void {
    this.running.add(claim);
    // Whatever way a request ends, its response closes.
    if (response.destroyed) claim.release();
    else {
      response.once('close', () => {
        claim.release();
      });
    }
  }

  private opened({ key, ask }: Claim, sealed: Buffer, owner: string): KeptAnswer {
    const answer = openAnswer(sealed, key, ask.slot);
    this.count(answer === null ? 'not_kept' : 'replayed');
    if (answer === null) throw answeredBefore(owner);
    return answer;
  }

  private renew(): void {
    for (const { ask } of this.running) this.store?.renew(ask).catch(() => undefined);
  }

  private count(result: 'claimed' | 'replayed' | 'running' | 'mismatch' | 'not_kept' | 'unavailable'): void {
    this.services.metrics.add('switchyard_idempotency_total', { result });
  }
}
