import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { JsonObject } from '@switchyard/contract';

/** A client that does not wait for its answer. */
export interface Leaving {
  /** Base URL of a gateway's data port. */
  readonly url: string;
  readonly secret: string;
  readonly path: string;
  readonly body: JsonObject;
  /** Milliseconds after the request was sent. */
  readonly afterMs: number;
  /** `fin`: says that it will send no more and waits for the end; `reset`: breaks the connection. */
  readonly how: 'fin' | 'reset';
}

export interface Left {
  /** Unix milliseconds, with fractions; `null` = the answer had ended before. */
  readonly leftMs: number | null;
  /** Whatever had come. */
  readonly text: string;
}

/** Sends a request and leaves. Resolves once the connection is gone; never rejects. */
export function leave({ url, secret, path, body, afterMs, how }: Leaving): Promise<Left> {
  const { hostname, port } = new URL(url);
  const json = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${hostname}`,
    'connection: close',
    `authorization: Bearer ${secret}`,
    'content-type: application/json',
    `content-length: ${String(Buffer.byteLength(json))}`,
  ];
  return new Promise((resolve) => {
    let text = '';
    let leftMs: number | null = null;
    let timer: NodeJS.Timeout | undefined;
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${json}`);
      timer = setTimeout(() => {
        leftMs = performance.timeOrigin + performance.now();
        part(socket, how);
      }, afterMs);
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    // A reset says no more than that the connection is gone.
    socket.on('error', () => undefined);
    socket.once('end', () => {
      clearTimeout(timer);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve({ leftMs, text });
    });
  });
}

function part(socket: Socket, how: Leaving['how']): void {
  if (how === 'fin') socket.end();
  else socket.resetAndDestroy();
}
