import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Dispatch } from '@switchyard/dispatch';
import type { KeyRing } from '@switchyard/identity';
import { RENEW_MS } from '@switchyard/limits';
import type { Held } from '@switchyard/limits';
import type { UsageRecord } from '@switchyard/metering';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';
import { checkpointOf } from './usage-record.js';

/** How often running requests write down what they used so far: what a dying process may lose of a stream. */
const CHECKPOINT_MS = 1_000;

export interface RunningRequest {
  readonly start: UsageRecord;
  readonly dispatch: Dispatch;
  /** `null` = nothing is reserved for it. */
  readonly held: Held | null;
}

interface Entry extends RunningRequest {
  /** The dispatch's mark at the last checkpoint. */
  mark: number;
}

/** All requests between their upstream call and their end: what is done to them from outside is done here. */
@Injectable()
export class RunningRequests implements OnApplicationShutdown {
  private readonly entries = new Map<string, Entry>();
  private readonly timers: readonly NodeJS.Timeout[];
  /** What ends every request from now on; `null` = nothing does. */
  private end: GatewayError | null = null;

  constructor(@Inject(PROCESS_SERVICES) private readonly services: ProcessServices) {
    this.timers = [
      setInterval(() => {
        this.checkpoint();
      }, CHECKPOINT_MS),
      setInterval(() => {
        this.renew();
      }, RENEW_MS),
    ];
    for (const timer of this.timers) timer.unref();
  }

  get size(): number {
    return this.entries.size;
  }

  add(request: RunningRequest): void {
    this.entries.set(request.start.id, { ...request, mark: request.dispatch.mark });
    const { end } = this;
    if (end === null) return;
    setImmediate(() => {
      request.dispatch.cut(end);
    });
  }

  remove(id: string): void {
    this.entries.delete(id);
  }

  /** Ends the requests of keys that are not in the ring any more. */
  cutStrangers(keyRing: KeyRing): void {
    for (const { start, dispatch } of [...this.entries.values()]) {
      if (keyRing.has(start.keyId)) continue;
      dispatch.cut(new GatewayError('permission', 'The API key of this request is no longer valid.'));
    }
  }

  /** Ends all requests, and those to come, with this error: in the stream where there is one already. Each gets its record. */
  cutAll(error: GatewayError): void {
    this.end = error;
    for (const { dispatch } of [...this.entries.values()]) dispatch.cut(error);
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private checkpoint(): void {
    for (const entry of this.entries.values()) {
      const { mark } = entry.dispatch;
      if (mark === entry.mark) continue;
      entry.mark = mark;
      this.services.journal.checkpoint(checkpointOf(entry.start, entry.dispatch.soFar()));
    }
  }

  private renew(): void {
    const held: Held[] = [];
    for (const entry of this.entries.values()) {
      if (entry.held !== null) held.push(entry.held);
    }
    if (held.length > 0) this.services.limits.renew(held);
  }
}
