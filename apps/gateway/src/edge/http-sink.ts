import type { ServerResponse } from 'node:http';
import type { ClientSink } from '@switchyard/dispatch';

const STREAM_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Proxies of the nginx family buffer whole streams unless told not to.
  'x-accel-buffering': 'no',
};

/** One HTTP response as dispatch sees it. */
export class HttpSink implements ClientSink {
  constructor(private readonly response: ServerResponse) {}

  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    this.response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    this.response.end(body);
  }

  start(headers: Readonly<Record<string, string>>): void {
    this.response.writeHead(200, { ...STREAM_HEADERS, ...headers });
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
