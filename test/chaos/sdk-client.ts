import { setTimeout as pause } from 'node:timers/promises';
import { ask } from './client.js';
import type { Ask, Reply } from './client.js';

const RETRIES = 2;
const FIRST_DELAY_MS = 500;
const DELAY_MAX_MS = 8_000;
/** Jitter shortens a delay by up to this share. */
const JITTER = 0.25;
const RETRIED = new Set([408, 409, 429]);

/** Asks as the official SDKs do: twice more after a passing failure, unless `x-should-retry` says otherwise. */
export async function askAsSdk(what: Ask, onReply: (reply: Reply) => void): Promise<Reply> {
  for (let retry = 0; ; retry += 1) {
    const headers = { ...what.headers, 'x-stainless-retry-count': String(retry) };
    const reply = await ask({ ...what, headers });
    onReply(reply);
    if (retry === RETRIES || !isRetried(reply)) return reply;
    await pause(delayMs(reply, retry));
  }
}

function isRetried({ status, shouldRetry }: Reply): boolean {
  if (shouldRetry !== null) return shouldRetry;
  return status === null || status >= 500 || RETRIED.has(status);
}

function delayMs({ retryAfterS }: Reply, retry: number): number {
  if (retryAfterS !== null && retryAfterS <= 60) return retryAfterS * 1_000;
  return Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** retry) * (1 - Math.random() * JITTER);
}
