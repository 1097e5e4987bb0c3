import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SOURCE_FLAGS } from './programs.js';
import type { ProxyMessage, ProxyOrder } from './proxy-main.js';

/** A bad network in front of a server, as its parent sees it; see `TcpProxy` for what the orders mean. */
export class ProxyLink {
  private constructor(
    private readonly child: ChildProcess,
    /** On loopback, in place of the server's own. */
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<ProxyLink> {
    const child = fork(join(import.meta.dirname, 'proxy-main.ts'), [String(targetPort)], {
      execArgv: [...SOURCE_FLAGS],
    });
    const [message] = (await once(child, 'message')) as [ProxyMessage];
    if (!('port' in message)) throw new Error('the proxy did not say where it listens');
    return new ProxyLink(child, message.port);
  }

  /** Resolves once it is so. */
  async order(order: ProxyOrder): Promise<void> {
    const done = once(this.child, 'message');
    this.child.send(order);
    await done;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
