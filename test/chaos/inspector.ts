import { readdirSync, readlinkSync } from 'node:fs';
import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { GatewayProcess } from './gateway-process.js';
import { signal } from './processes.js';
import { until } from './until.js';

/** Flags of Node with which a process can be looked into once it was sent SIGUSR1. */
export const INSPECTABLE = ['--inspect-port=127.0.0.1:0'];

const LISTENING = /Debugger listening on (ws:\/\/\S+)/g;
const MEASURE = `JSON.stringify({
  heap: process.memoryUsage().heapUsed,
  external: process.memoryUsage().external,
  rss: process.memoryUsage().rss,
  resources: process.getActiveResourcesInfo(),
})`;

/** What `MEASURE` answers. */
interface Measured {
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  readonly resources: readonly string[];
}

/** What a process holds, right after its garbage was collected. */
export interface Holdings {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly rssBytes: number;
  /** Open file descriptors, and those of them that are sockets. */
  readonly descriptors: number;
  readonly sockets: number;
  /** What keeps the process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

/** Looks into a running process from outside, so that the product needs no door for it. */
export class Inspector {
  private calls = 0;

  private constructor(
    readonly pid: number,
    private readonly socket: WebSocket,
  ) {}

  /** One for each worker of a gateway that was started `INSPECTABLE`. */
  static async ofWorkers(gateway: GatewayProcess): Promise<readonly Inspector[]> {
    const pids = gateway.workerPids();
    const known = urlsIn(gateway.log).length;
    for (const pid of pids) signal(pid, 'SIGUSR1');
    await until('the workers can be looked into', () => urlsIn(gateway.log).length === known + pids.length);
    return Promise.all(
      urlsIn(gateway.log)
        .slice(known)
        .map((url) => Inspector.open(url)),
    );
  }

  private static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const pid = Number(await new Inspector(0, socket).evaluate('String(process.pid)'));
    return new Inspector(pid, socket);
  }

  /** Collects the garbage first. */
  async measure(): Promise<Holdings> {
    // What the first collection finalises, the second one frees.
    for (let times = 0; times < 2; times += 1) await this.call('HeapProfiler.collectGarbage', {});
    const { heap, external, rss, resources } = JSON.parse(await this.evaluate(MEASURE)) as Measured;
    const kinds = Map.groupBy(resources, (kind) => kind);
    const descriptors = descriptorsOf(this.pid);
    return {
      heapBytes: heap,
      externalBytes: external,
      rssBytes: rss,
      descriptors: descriptors.length,
      sockets: descriptors.filter((name) => name.startsWith('socket:')).length,
      resources: Object.fromEntries([...kinds].map(([kind, { length }]) => [kind, length])),
    };
  }

  close(): void {
    this.socket.close();
  }

  private async evaluate(expression: string): Promise<string> {
    const { result } = await this.call('Runtime.evaluate', { expression, returnByValue: true });
    const value = isJsonObject(result) ? result['value'] : undefined;
    if (typeof value !== 'string') throw new Error('the process did not say what was asked');
    return value;
  }

  private call(method: string, params: JsonObject): Promise<JsonObject> {
    const id = (this.calls += 1);
    return new Promise((resolve, reject) => {
      const hear = ({ data }: MessageEvent): void => {
        const answer = parseJson(String(data));
        if (!isJsonObject(answer) || answer['id'] !== id) return;
        this.socket.removeEventListener('message', hear);
        this.socket.removeEventListener('close', fail);
        const { result } = answer;
        if (isJsonObject(result)) resolve(result);
        else reject(new Error(`the inspector refused ${method}`));
      };
      const fail = (): void => {
        reject(new Error('the process ended'));
      };
      this.socket.addEventListener('message', hear);
      this.socket.addEventListener('close', fail);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

function urlsIn(log: string): string[] {
  return [...log.matchAll(LISTENING)].map(([, url]) => url ?? '');
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // Closed between being listed and being looked at.
      return [];
    }
  });
}
