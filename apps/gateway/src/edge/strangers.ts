import type { Socket } from 'node:net';
import { networkOf } from '@switchyard/identity';

/**
 * Counts the connections of each address on which no request was let in yet: whoever opens them by the thousand, to hold
 * them open and say nothing, is stopped at a bound. A connection stops counting once a key was valid on it, so that a
 * load balancer with many connections is no stranger.
 */
export class Strangers {
  private readonly counts = new Map<string, number>();
  private readonly unknown = new WeakMap<Socket, string>();

  /** `max` answers the most per address; `onRefused` hears of each that was one too many. */
  constructor(
    private readonly max: () => number,
    private readonly onRefused: () => void = () => undefined,
  ) {}

  /** False = there are too many of this address: the connection is to be closed. */
  arrived(socket: Socket): boolean {
    const network = networkOf(socket.remoteAddress);
    const count = this.counts.get(network) ?? 0;
    if (count >= this.max()) {
      this.onRefused();
      return false;
    }
    this.counts.set(network, count + 1);
    this.unknown.set(socket, network);
    socket.once('close', () => {
      this.letIn(socket);
    });
    return true;
  }

  /** A request on this connection had a valid key. */
  letIn(socket: Socket): void {
    const network = this.unknown.get(socket);
    if (network === undefined) return;
    this.unknown.delete(socket);
    const count = (this.counts.get(network) ?? 1) - 1;
    if (count === 0) this.counts.delete(network);
    else this.counts.set(network, count);
  }
}
