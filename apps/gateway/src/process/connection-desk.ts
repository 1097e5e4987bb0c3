import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Connections that wait while no worker is ready, and for how long. */
const HELD_MAX = 1_000;
const HELD_MS = 5_000;
/**
 * Node gives a process one connection in each turn of its event loop, so a worker that is late with its turns is late with its
 * connections. One whose next connection has waited for so long is given no more.
 */
const LATE_MS = 1_000;

/** A worker, as far as connections are given to it. */
export interface Clerk {
  /** Sends the connection to the worker's process. Its copy here stays open until the worker says that it took it. */
  hand(connection: number, socket: Socket): void;
}

/** What a worker has of the desk. */
interface Seat {
  /** Connections given to it that it did not report as closed. */
  open: number;
  /** Given to it, and not known to have arrived. */
  readonly underWay: Map<number, UnderWay>;
  /** False = it gets no new ones. */
  takes: boolean;
}

interface UnderWay {
  readonly socket: Socket;
  readonly sinceMs: number;
}

interface HeldConnection {
  readonly socket: Socket;
  readonly untilMs: number;
}

export interface DeskOptions {
  /** Told of connections that no worker would take in time, instead of a worker. */
  readonly refuse: (socket: Socket) => void;
  readonly heldMax?: number;
  readonly heldMs?: number;
  readonly lateMs?: number;
}

/**
 * The data port of a gateway with workers: takes connections and gives each to the worker that has the fewest. Nothing is
 * read from a connection here, and the copy here is closed when the worker says that it has its own and before that
 * worker reads from it. So a worker that dies takes with it what it had begun, whose clients see the end of their
 * connections, and leaves the rest to another worker. When all workers are late, connections are refused rather than left
 * to wait.
 */
export class ConnectionDesk {
  private readonly seats = new Map<Clerk, Seat>();
  private readonly server: Server;
  private held: HeldConnection[] = [];
  private sweep: NodeJS.Timeout | null = null;
  private connections = 0;
  private turn = 0;
  private isClosed = false;

  constructor(private readonly options: DeskOptions) {
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      // Whatever happens to it is the worker's to see.
      socket.on('error', () => undefined);
      this.give(socket);
    });
  }

  /** Resolves with the base URL. Rejects when the port cannot be opened. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        // Out of file descriptors, for instance: the port stays open and later connections are taken.
        this.server.on('error', () => undefined);
        resolve();
      });
    });
    const { port: opened } = this.server.address() as AddressInfo;
    return `http://${host.includes(':') ? `[${host}]` : host}:${String(opened)}`;
  }

  /** From now on connections go to this worker, too. */
  join(clerk: Clerk): void {
    this.seats.set(clerk, { open: 0, underWay: new Map(), takes: true });
    for (const { socket } of this.held.splice(0)) this.give(socket);
  }

  /** The worker gets no more connections; those it has are its own. */
  leave(clerk: Clerk): void {
    const seat = this.seats.get(clerk);
    if (seat !== undefined) seat.takes = false;
  }

  /** The worker has the connection, and has not read from it yet. */
  taken(clerk: Clerk, connection: number): void {
    const underWay = this.seats.get(clerk)?.underWay;
    underWay?.get(connection)?.socket.destroy();
    underWay?.delete(connection);
  }

  /** Connections of the worker ended. */
  closed(clerk: Clerk, count: number): void {
    const seat = this.seats.get(clerk);
    if (seat !== undefined) seat.open -= count;
  }

  /** The worker is no more, and everything it said was heard: what did not arrive goes to another. */
  gone(clerk: Clerk): void {
    const seat = this.seats.get(clerk);
    this.seats.delete(clerk);
    for (const { socket } of seat?.underWay.values() ?? []) this.give(socket);
  }

  /** Takes no more connections. Those that wait for a worker are closed. */
  close(): void {
    this.isClosed = true;
    this.server.close();
    for (const { socket } of this.held.splice(0)) socket.destroy();
    if (this.sweep !== null) clearInterval(this.sweep);
  }

  private give(socket: Socket): void {
    const nowMs = performance.now();
    const taking = [...this.seats].filter(([, { takes }]) => takes);
    const chosen = this.choose(taking.filter(([, seat]) => !this.isLate(seat, nowMs)));
    if (chosen === null) {
      if (taking.length === 0) this.hold(socket);
      else this.options.refuse(socket);
      return;
    }
    const [clerk, seat] = chosen;
    this.connections += 1;
    seat.open += 1;
    seat.underWay.set(this.connections, { socket, sinceMs: nowMs });
    clerk.hand(this.connections, socket);
  }

  /** Connections arrive in the order in which they were given. */
  private isLate({ underWay }: Seat, nowMs: number): boolean {
    const [next] = underWay.values();
    return next !== undefined && nowMs - next.sinceMs > (this.options.lateMs ?? LATE_MS);
  }

  /** The one with the fewest connections; among equals each in turn. */
  private choose(seats: readonly (readonly [Clerk, Seat])[]): readonly [Clerk, Seat] | null {
    this.turn += 1;
    let best: readonly [Clerk, Seat] | null = null;
    for (let place = 0; place < seats.length; place += 1) {
      const candidate = seats[(place + this.turn) % seats.length];
      if (candidate !== undefined && (best === null || candidate[1].open < best[1].open)) best = candidate;
    }
    return best;
  }

  private hold(socket: Socket): void {
    const { heldMax = HELD_MAX, heldMs = HELD_MS } = this.options;
    if (this.isClosed || this.held.length >= heldMax) {
      socket.destroy();
      return;
    }
    this.held.push({ socket, untilMs: performance.now() + heldMs });
    this.sweep ??= setInterval(() => {
      this.closeOverdue();
    }, heldMs / 10).unref();
  }

  private closeOverdue(): void {
    const nowMs = performance.now();
    for (const { socket, untilMs } of this.held) if (untilMs <= nowMs) socket.destroy();
    this.held = this.held.filter(({ untilMs }) => untilMs > nowMs);
  }
}
