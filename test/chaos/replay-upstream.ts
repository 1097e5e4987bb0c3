import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that answers every request with the same stream, made once: it costs next to nothing, and whoever reads it all it costs them. */
export interface ReplayUpstream {
  /** Base URL of an OpenAI dialect. */
  readonly url: string;
  close(): void;
}

export async function startReplayUpstream(events: number): Promise<ReplayUpstream> {
  const stream = streamOf(events);
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(stream);
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

function streamOf(events: number): Buffer {
  const chunk = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-replay', object: 'chat.completion.chunk', created: 1, model: 'replay', choices, ...more })}\n\n`;
  const text = (content: string): string => chunk([{ index: 0, delta: { content }, finish_reason: null }]);
  const usage = { prompt_tokens: 20, completion_tokens: events, total_tokens: 20 + events };
  const words = Array.from({ length: events }, (_, number) => text(`word ${number} `));
  const end = [chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]), chunk([], { usage }), 'data: [DONE]\n\n'];
  return Buffer.from([...words, ...end].join(''));
}
