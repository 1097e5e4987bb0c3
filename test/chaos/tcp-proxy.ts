import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Pipe } from './pipe.js';
import type { Conditions } from './pipe.js';

/** How the proxy treats its connections. `refusing`: resets them, new ones as well. `silent`: holds them and passes nothing. */
type Mood = 'passing' | 'refusing' | 'silent';

const PERFECT: Conditions = { latencyMs: 0, jitterMs: 0, bytesPerSecond: null };

interface Pair {
  readonly sockets: readonly Socket[];
  readonly pipes: readonly Pipe[];
}

/** Stands between a client and a server on loopback, and is as bad a network as it is told to be. */
export class TcpProxy {
  private mood: Mood = 'passing';
  private conditions = PERFECT;
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {
    server.on('connection', (client: Socket) => {
      this.join(client);
    });
  }

  /** `targetPort` is on loopback. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on, for what is under way as well; what is not named is perfect. */
  shape(conditions: Partial<Conditions>): void {
    this.conditions = { ...PERFECT, ...conditions };
  }

  /** Resets every connection, and every new one, until it is healed. */
  refuse(): void {
    this.mood = 'refusing';
    this.reset();
  }

  /** Resets every connection; new ones are served. */
  reset(): void {
    for (const { sockets } of this.pairs) for (const socket of sockets) socket.resetAndDestroy();
  }

  /** Passes nothing any more, in either direction; what is sent meanwhile arrives once it is healed. */
  silence(): void {
    this.setMood('silent');
  }

  /** A perfect network again. */
  heal(): void {
    this.conditions = PERFECT;
    this.setMood('passing');
  }

  /** Where new connections lead; resets those that there are. */
  redirect(targetPort: number): void {
    this.target = targetPort;
    this.reset();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private setMood(mood: Mood): void {
    this.mood = mood;
    for (const { pipes } of this.pairs) for (const pipe of pipes) pipe.hold(mood === 'silent');
  }

  private join(client: Socket): void {
    if (this.mood === 'refusing') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const look = (): Conditions => this.conditions;
    const pipes = [new Pipe(client, server, look), new Pipe(server, client, look)];
    const pair = { sockets: [client, server], pipes };
    this.pairs.add(pair);
    for (const pipe of pipes) pipe.hold(this.mood === 'silent');
    const part = (): void => {
      this.pairs.delete(pair);
      for (const pipe of pipes) pipe.stop();
      // The other side learns that it broke, not that it ended well.
      for (const socket of pair.sockets) if (!socket.destroyed) socket.resetAndDestroy();
    };
    for (const socket of pair.sockets) socket.on('error', part);
    let open = 2;
    for (const socket of pair.sockets) {
      socket.on('close', () => {
        open -= 1;
        if (open === 0) part();
      });
    }
  }
}
