import type { Reply } from '../client.js';

/** What was neither an answer nor a refusal by a limit, as `{"503 temporarily_unavailable":2,"ECONNRESET":1}`. */
export function otherAnswers(replies: readonly Reply[]): string {
  const others = replies.filter(({ status }) => status !== 200 && status !== 429);
  const groups = Map.groupBy(others, ({ status, errorCode, fault }) =>
    status === null ? String(fault) : `${String(status)} ${String(errorCode)}`,
  );
  return JSON.stringify(Object.fromEntries([...groups].map(([name, { length }]) => [name, length])));
}
