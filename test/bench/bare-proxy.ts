/**
 * The reference: the least that a proxy in Node can do. `http` in front, undici's `dispatch` behind, the body forwarded as
 * bytes, nothing looked at, and head and body in one write when the whole answer arrives at once.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { announcePort } from './announce-port.ts';

const pool = new Pool(process.argv[2] ?? '', { connections: 256, pipelining: 1 });

class AnswerForwarder implements Dispatcher.DispatchHandler {
  private readonly response: ServerResponse;
  private status = 0;
  private contentType = '';
  private expectedBytes = -1;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { response } = this;
    response.on('close', () => {
      if (!response.writableFinished) controller.abort(new Error('The client is gone.'));
    });
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    this.status = status;
    this.contentType = String(headers['content-type']);
    this.expectedBytes = Number(headers['content-length'] ?? -1);
  }

  onResponseData(controller: Dispatcher.DispatchController, data: Buffer): void {
    const { response } = this;
    if (!response.headersSent) {
      const head: Record<string, string> = { 'content-type': this.contentType };
      if (this.expectedBytes >= 0) head['content-length'] = String(this.expectedBytes);
      response.writeHead(this.status, head);
      if (data.length === this.expectedBytes) {
        response.end(data);
        return;
      }
    }
    if (!response.write(data)) {
      controller.pause();
      response.once('drain', () => {
        controller.resume();
      });
    }
  }

  onResponseEnd(): void {
    if (!this.response.writableEnded) this.response.end();
  }

  onResponseError(): void {
    this.response.destroy();
  }
}

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers = { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' };
  pool.dispatch({ method: 'POST', path: request.url ?? '/', headers, body }, new AnswerForwarder(response));
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    forward(request, response, parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
  });
});
server.keepAliveTimeout = 60_000;
announcePort(server);
