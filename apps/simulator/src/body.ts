import type { IncomingMessage } from 'node:http';

const SLOW_BODY = /slow_body_read(?::(\d+))?/;

/**
 * Reads a request's body. The fault `slow_body_read[:ms]`, in the first stretch of the body or in `x-mock-plan`, makes
 * the reader stop for so long, or for good, before it goes on; `held` is told. Null when the client went before the end.
 */
export function readBody(request: IncomingMessage, held: () => void): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let delayed = false;
    const delay = (text: string): void => {
      const match = delayed ? null : SLOW_BODY.exec(text);
      if (match === null) return;
      delayed = true;
      held();
      request.pause();
      const [, ms] = match;
      if (ms !== undefined) setTimeout(() => request.resume(), Number(ms));
    };
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.length === 1 && chunk.includes('slow_body_read')) delay(chunk.toString('latin1'));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('close', () => resolve(null));
    delay(String(request.headers['x-mock-plan'] ?? ''));
  });
}
