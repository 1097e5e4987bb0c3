import type { ServerResponse } from 'node:http';
import type { ClientSink } from '@switchyard/dispatch';

const STREAM_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Proxies of the nginx family buffer whole streams unless told not to.
  'x-accel-buffering': 'no',
};

/** Beyond this length copying a body into a text costs more than a second write. */
const JOINED_LENGTH_MAX = 16 * 1024;

/** One HTTP response as dispatch sees it. */
export class HttpSink implements ClientSink {
  /** `headers` go with every answer. */
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    this.response.writeHead(status, {
      ...this.headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    // Node joins a head and a short text into one write, which a buffer would make two.
    this.response.end(body.length <= JOINED_LENGTH_MAX ? body.toString() : body);
  }

  start(headers: Readonly<Record<string, string>>): void {
    this.response.writeHead(200, { ...this.headers, ...STREAM_HEADERS, ...headers });
  }

  write(text: string): boolean {
    return this.response.write(text);
  }

  end(text: string): void {
    this.response.end(text);
  }

  onceDrained(listener: () => void): void {
    this.response.once('drain', listener);
  }

  destroy(): void {
    this.response.destroy();
  }
}
