import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ResponseReader } from '../bench/response-reader.js';

/** What became of the requests of one phase. Latencies are milliseconds from when a request was due. */
export interface PhaseResult {
  readonly seconds: number;
  /** Requests that were sent. */
  readonly offered: number;
  /** That were due and not sent, for every connection was waiting: the client is at its own end. */
  readonly unsent: number;
  readonly servedMs: readonly number[];
  readonly shedMs: readonly number[];
  /** Other statuses, and connections that broke. */
  readonly failed: number;
}

interface Tally {
  offered: number;
  unsent: number;
  readonly servedMs: number[];
  readonly shedMs: number[];
  failed: number;
}

const CONNECTIONS_MAX = 1_500;
const BEAT_MS = 5;
const SHED = new Set([503, 529]);

/**
 * Sends the same bytes at a given rate whatever becomes of them, at the least cost to itself: it shares its machine with
 * what it loads. A request that was refused is not sent again.
 */
export class RawLoad {
  private readonly idle: Line[] = [];
  private readonly all = new Set<Line>();

  constructor(
    private readonly port: number,
    private readonly request: Buffer,
  ) {}

  /** Resolves once the answers of the phase had time to come. */
  async phase(perSecond: number, ms: number): Promise<PhaseResult> {
    const tally = newTally();
    const startMs = performance.now();
    for (let sent = 0, nowMs = startMs; nowMs - startMs < ms; nowMs = performance.now()) {
      const due = Math.floor(((nowMs - startMs) * perSecond) / 1_000);
      for (; sent < due; sent += 1) this.send(tally, nowMs);
      await pause(BEAT_MS);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    await pause(500);
    return { ...tally, seconds };
  }

  /** Keeps so many requests under way for a time: what is served then is what can be served. */
  async saturate(connections: number, ms: number): Promise<PhaseResult> {
    const tally = newTally();
    const startMs = performance.now();
    let isRunning = true;
    const again = (): void => {
      if (isRunning) this.send(tally, performance.now(), again);
    };
    for (let count = 0; count < connections; count += 1) again();
    await pause(ms);
    isRunning = false;
    const seconds = (performance.now() - startMs) / 1_000;
    await pause(500);
    return { ...tally, seconds };
  }

  close(): void {
    for (const line of this.all) line.close();
  }

  private send(tally: Tally, dueMs: number, then: () => void = () => undefined): void {
    let line = this.idle.pop();
    if (line === undefined) {
      if (this.all.size >= CONNECTIONS_MAX) {
        tally.unsent += 1;
        return;
      }
      line = new Line(this.port);
      this.all.add(line);
    }
    const used = line;
    tally.offered += 1;
    used.send(this.request, (status) => {
      const ms = performance.now() - dueMs;
      if (status === 200) tally.servedMs.push(ms);
      else if (status !== null && SHED.has(status)) tally.shedMs.push(ms);
      else tally.failed += 1;
      this.idle.push(used);
      then();
    });
  }
}

/** One connection with one request under way; opened again when the other side closed it. */
class Line {
  private reader = new ResponseReader();
  private socket: Socket | null = null;
  private onAnswer: ((status: number | null) => void) | null = null;

  constructor(private readonly port: number) {}

  /** The status is `null` when the connection broke. */
  send(request: Buffer, onAnswer: (status: number | null) => void): void {
    this.onAnswer = onAnswer;
    this.socket ??= this.open();
    this.socket.write(request);
  }

  close(): void {
    this.onAnswer = null;
    this.socket?.destroy();
  }

  private open(): Socket {
    this.reader = new ResponseReader();
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (data: Buffer) => {
      if (this.reader.push(data)) this.answered(this.reader.status);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.answered(null);
    });
    return socket;
  }

  private answered(status: number | null): void {
    const { onAnswer } = this;
    this.onAnswer = null;
    onAnswer?.(status);
  }
}

function newTally(): Tally {
  return { offered: 0, unsent: 0, servedMs: [], shedMs: [], failed: 0 };
}
