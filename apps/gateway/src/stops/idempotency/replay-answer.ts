import type { ServerResponse } from 'node:http';
import { HttpSink } from '../../edge/http-sink.js';
import { commonHeaders } from '../../edge/request-ids.js';
import type { RequestIds } from '../../edge/request-ids.js';
import type { KeptAnswer } from './sealed-answer.js';

/** Sends an answer again, under the ids it was given first: they name its record. */
export function replayAnswer(response: ServerResponse, ids: RequestIds, answer: KeptAnswer): void {
  if (response.destroyed) return;
  const headers = { ...commonHeaders(ids), ...answer.headers, 'x-switchyard-idempotent-replay': 'true' };
  const sink = new HttpSink(response, headers);
  if (answer.streamed) {
    sink.start({});
    sink.end(answer.body);
  } else sink.send(200, {}, answer.body);
}
