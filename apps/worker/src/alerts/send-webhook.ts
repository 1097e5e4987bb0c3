import { request } from 'undici';
import type { WebhookCall } from './webhook.js';

/** More of an answer than this nobody reads; the connection is closed instead. */
const ANSWER_BYTES_MAX = 16 * 1024;

/** `SendWebhook` over HTTP. undici's `request` follows no redirects, which would carry the body to another host. */
export async function sendWebhook({ url, headers, body, timeoutMs }: WebhookCall): Promise<number> {
  const answer = await request(url, {
    method: 'POST',
    headers,
    body,
    // Minutes or days pass until the next call: no connection is worth keeping.
    reset: true,
    signal: AbortSignal.timeout(timeoutMs),
  });
  // The status is the answer: a body that breaks off afterwards does not make a delivered call undelivered.
  await answer.body.dump({ limit: ANSWER_BYTES_MAX }).catch(() => undefined);
  return answer.statusCode;
}
