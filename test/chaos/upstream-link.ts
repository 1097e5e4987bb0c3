import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProviderFault } from '../../apps/simulator/src/index.js';
import { SOURCE_FLAGS } from './programs.js';
import type { UpstreamFaults, UpstreamMessage, UpstreamQuestion, UpstreamReport } from './sightings.js';

/** The upstream's process, as its parent sees it. */
export class UpstreamLink {
  private questions = 0;

  private constructor(
    private readonly child: ChildProcess,
    /** Base URL of the simulator. */
    readonly url: string,
  ) {}

  static async start(): Promise<UpstreamLink> {
    const child = fork(join(import.meta.dirname, 'upstream.ts'), {
      execArgv: [...SOURCE_FLAGS],
      serialization: 'advanced',
    });
    const [message] = (await once(child, 'message')) as [UpstreamMessage];
    if (!('url' in message)) throw new Error('the upstream did not say where it listens');
    return new UpstreamLink(child, message.url);
  }

  /** Everything that reached it since the last `take`. */
  look(): Promise<UpstreamReport> {
    return this.ask('look');
  }

  /** The same; what has ended is not told again. */
  take(): Promise<UpstreamReport> {
    return this.ask('take');
  }

  /** Replaces what a provider does wrong from now on; an empty list heals it. */
  setFaults(provider: string, faults: readonly ProviderFault[]): void {
    this.child.send({ provider, faults } satisfies UpstreamFaults);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  private ask(ask: UpstreamQuestion['ask']): Promise<UpstreamReport> {
    const number = (this.questions += 1);
    return new Promise((resolve, reject) => {
      const hear = (message: UpstreamMessage): void => {
        if (!('report' in message) || message.number !== number) return;
        this.child.off('message', hear);
        this.child.off('exit', fail);
        resolve(message.report);
      };
      const fail = (): void => {
        reject(new Error('the upstream ended'));
      };
      this.child.on('message', hear);
      this.child.once('exit', fail);
      this.child.send({ number, ask } satisfies UpstreamQuestion);
    });
  }
}
