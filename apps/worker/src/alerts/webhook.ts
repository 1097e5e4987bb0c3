import { createHmac } from 'node:crypto';

/** Connection, answer and all. */
const TIMEOUT_MS = 5_000;

/** One HTTP POST, as whoever can send makes it. */
export interface WebhookCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Answers the HTTP status of the POST. Follows no redirect; rejects when no answer came within the time. */
export type SendWebhook = (call: WebhookCall) => Promise<number>;

/**
 * What the receiver checks: `t=<unix seconds>,v1=<hex>`, the HMAC-SHA-256 of `<t>.<body>` under the shared secret. The time is
 * inside, so that a call overheard today cannot be played again tomorrow.
 */
export function webhookSignature(secret: string, body: string, nowMs: number): string {
  const seconds = String(Math.floor(nowMs / 1_000));
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}

/** The signed call that carries `body`; signed afresh for every attempt. */
export function webhookCall(target: { url: string; secret: string }, body: string, nowMs: number): WebhookCall {
  return {
    url: target.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'switchyard',
      'x-switchyard-signature': webhookSignature(target.secret, body, nowMs),
    },
    body,
    timeoutMs: TIMEOUT_MS,
  };
}
