import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that gives every request the same short answer, unread: it costs next to nothing. */
export interface ReplayUpstream {
  /** Base URL of an OpenAI dialect. */
  readonly url: string;
  close(): void;
}

const ANSWER = JSON.stringify({
  ...{ id: 'chatcmpl-replay', object: 'chat.completion', created: 1, model: 'replay' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 20_000, completion_tokens: 2, total_tokens: 20_002 },
});

export async function startReplayUpstream(): Promise<ReplayUpstream> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
