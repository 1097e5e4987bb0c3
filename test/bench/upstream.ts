/**
 * The instant upstream: an OpenAI-compatible chat server that answers at once, always the same. A stream leaves event by
 * event without a pause, in one piece, or with 5 ms between events, as the conversation asks for.
 */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { announcePort } from './announce-port.ts';
import { chatAnswer, STREAM_MARKS, streamEvents } from './workload.ts';

const GAP_MS = 5;

const answer = Buffer.from(chatAnswer());
const events = streamEvents().map((event) => Buffer.from(event));
const ANSWER_HEAD = { 'content-type': 'application/json', 'content-length': String(answer.length) };
const STREAM_HEAD = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** One write an event, each in a turn of its own, as a server does that writes what it has just computed. */
function streamOneByOne(response: ServerResponse): void {
  response.writeHead(200, STREAM_HEAD);
  let next = 0;
  const writeNext = (): void => {
    const event = events[next++];
    if (event === undefined) response.end();
    else if (!response.destroyed) response.write(event, () => setImmediate(writeNext));
  };
  writeNext();
}

/** Node gathers the writes of one turn: the whole stream leaves as one piece, with the framing of each event. */
function streamAtOnce(response: ServerResponse): void {
  response.writeHead(200, STREAM_HEAD);
  for (const event of events) response.write(event);
  response.end();
}

function streamWithGaps(response: ServerResponse): void {
  response.writeHead(200, STREAM_HEAD);
  let next = 0;
  const timer = setInterval(() => {
    const event = events[next++];
    if (event === undefined) {
      clearInterval(timer);
      response.end();
    } else {
      response.write(event);
    }
  }, GAP_MS);
  response.on('close', () => {
    clearInterval(timer);
  });
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    if (!body.includes('"stream":true')) {
      response.writeHead(200, ANSWER_HEAD);
      response.end(answer);
    } else if (body.includes(STREAM_MARKS.paced)) {
      streamWithGaps(response);
    } else if (body.includes(STREAM_MARKS.burst)) {
      streamAtOnce(response);
    } else {
      streamOneByOne(response);
    }
  });
});
server.keepAliveTimeout = 60_000;
announcePort(server);
