import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;

/** Asks until it is so, and answers after how many milliseconds. Throws when it still is not so in the end; `what` says what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<number> {
  const startMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startMs > timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await pause(POLL_MS);
  }
  return performance.now() - startMs;
}
