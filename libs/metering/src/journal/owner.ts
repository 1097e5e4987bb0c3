import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonValue } from '@switchyard/contract';
import { ownIdentity } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

/** The file of a journal that says whose it is. Its owner touches it while it lives. */
export const OWNER_FILE = 'owner.json';

/** A living owner touches its file this often. */
export const HEARTBEAT_MS = 5_000;

/** Host name and time are for people; processes compare the identity. */
interface Owner extends ProcessIdentity {
  readonly hostname: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
}

/** Makes this process the owner of a journal. Throws what the file system throws. */
export function writeOwner(directory: string): void {
  const owner: Owner = { ...ownIdentity(), hostname: hostname(), startedAtMs: Date.now() };
  const path = join(directory, OWNER_FILE);
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** `null`: it has none yet, or none that can be read. */
export function readOwner(directory: string): ProcessIdentity | null {
  const json = jsonIn(join(directory, OWNER_FILE));
  if (!isJsonObject(json)) return null;
  const { pid, startTime, machine } = json;
  if (!Number.isSafeInteger(pid) || typeof machine !== 'string') return null;
  return { pid: pid as number, startTime: typeof startTime === 'string' ? startTime : null, machine };
}

function jsonIn(path: string): JsonValue {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
