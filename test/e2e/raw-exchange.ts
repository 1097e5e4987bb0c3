import { connect } from 'node:net';

/** What came back for bytes that were sent. */
export interface RawOutcome {
  /** Of all whole answers, in their order; interim answers left out. */
  readonly statuses: readonly number[];
  /** The gateway ended the connection. */
  readonly hasEnded: boolean;
  /** What came that is no whole answer. */
  readonly rest: string;
  readonly text: string;
}

/** Silence after a whole answer from which on none is expected any more. */
const QUIET_MS = 60;
/** Silence after which the client says that it has sent all it will. */
const PATIENCE_MS = 2_000;
const OUTCOME_MAX_MS = 8_000;

/** Sends bytes on a connection of their own, and waits until it ends or nothing more comes. */
export function exchangeRaw(
  url: string,
  bytes: Buffer,
  { patienceMs = PATIENCE_MS, quietMs = QUIET_MS }: { readonly patienceMs?: number; readonly quietMs?: number } = {},
): Promise<RawOutcome> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    let isOver = false;
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const finish = (hasEnded: boolean): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(limit);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ ...answersIn(text), hasEnded, text });
    };
    const limit = setTimeout(() => finish(false), patienceMs + OUTCOME_MAX_MS);
    let quiet = setTimeout(() => socket.end(), patienceMs);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      clearTimeout(quiet);
      const { statuses, rest } = answersIn(text);
      if (statuses.length > 0 && rest === '') quiet = setTimeout(() => finish(false), quietMs);
    });
    // A connection that was cut says so with a reset when not everything was read.
    socket.on('error', () => undefined);
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
    socket.on('connect', () => socket.write(bytes));
  });
}

/** The whole answers at the beginning of a text, and what comes after them. */
export function answersIn(text: string): { readonly statuses: readonly number[]; readonly rest: string } {
  const statuses: number[] = [];
  let rest = text;
  for (;;) {
    const match = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest);
    if (match === null) return { statuses, rest };
    const [whole, status, headers = ''] = match;
    const length = Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
    const end = whole.length + length;
    const isInterim = status?.startsWith('1') === true;
    if (rest.length < end) return { statuses, rest };
    if (!isInterim) statuses.push(Number(status));
    rest = rest.slice(end);
  }
}

/** Why an outcome is not what a case allows; empty = it is. */
export function faultsOf(
  { statuses, mayEnd, answersMax }: { statuses: readonly number[]; mayEnd: boolean; answersMax: number },
  outcome: RawOutcome,
): readonly string[] {
  const faults: string[] = [];
  const unexpected = outcome.statuses.filter((status) => !statuses.includes(status));
  if (unexpected.length > 0) faults.push(`answered ${unexpected.join(', ')}`);
  if (outcome.statuses.length > answersMax) faults.push(`${outcome.statuses.length} answers`);
  if (outcome.statuses.length === 0 && !(mayEnd && outcome.hasEnded)) faults.push('no answer');
  if (outcome.rest !== '') faults.push('an answer that is not whole');
  return faults;
}

/** Does the same with each, so many at once, and resolves with what came of all. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const rest = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const item of rest) results.push(await act(item));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
