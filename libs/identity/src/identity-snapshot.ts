import { createHmac, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonValue } from '@switchyard/contract';
import type { StoredIdentity } from './stored-identity.js';

/** Grows when the shape of the content changes; another form is as good as no file. */
const FORM = 1;
const AGE_MAX_MS = 24 * 60 * 60 * 1_000;
/** Sets these signatures apart from digests of keys, which are made under the same pepper: no header can hold a NUL. */
const PURPOSE = 'identity snapshot\0';

/** Why a snapshot was not used. `missing` = there is none, as on a first start. */
export type SnapshotFault = 'missing' | 'unreadable' | 'form' | 'signature' | 'age';

export type SnapshotRead =
  | { readonly stored: StoredIdentity; readonly ageMs: number }
  | { readonly stored: null; readonly fault: SnapshotFault };

/**
 * What the database last said of callers, in a file: a gateway that starts while the database is away knows them all the
 * same. Signed under the deployment's pepper, because whoever may write this file says who may call.
 */
export class IdentitySnapshot {
  /** `now` answers Unix milliseconds. */
  constructor(
    private readonly file: string,
    private readonly pepper: Buffer,
    private readonly now: () => number = Date.now,
  ) {}

  /** Replaces the file as a whole, readable by its owner only. Throws the error of the file system. */
  async write(stored: StoredIdentity): Promise<void> {
    const body = JSON.stringify({ written_at_ms: this.now(), stored });
    const text = JSON.stringify({ form: FORM, signature: this.signatureOf(body).toString('hex'), body });
    const draft = `${this.file}.draft`;
    const handle = await open(draft, 'w', 0o600);
    try {
      // An older draft keeps the mode it was made with.
      await handle.chmod(0o600);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.file);
  }

  /** Never throws: a snapshot that cannot be used is told with its fault. */
  async read(): Promise<SnapshotRead> {
    const text = await this.text();
    if (text === null) return { stored: null, fault: 'missing' };
    const outer = jsonOf(text);
    if (!isJsonObject(outer)) return { stored: null, fault: 'unreadable' };
    const { form, signature, body } = outer;
    if (form !== FORM || typeof body !== 'string' || typeof signature !== 'string')
      return { stored: null, fault: 'form' };
    const given = Buffer.from(signature, 'hex');
    const right = this.signatureOf(body);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return { stored: null, fault: 'signature' };
    const { written_at_ms: writtenAtMs, stored } = parseJson(body) as unknown as {
      readonly written_at_ms: number;
      readonly stored: StoredIdentity;
    };
    const ageMs = this.now() - writtenAtMs;
    return Math.abs(ageMs) <= AGE_MAX_MS ? { stored, ageMs } : { stored: null, fault: 'age' };
  }

  private async text(): Promise<string | null> {
    try {
      return await readFile(this.file, 'utf8');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : '';
    }
  }

  private signatureOf(body: string): Buffer {
    return createHmac('sha256', this.pepper).update(PURPOSE).update(body).digest();
  }
}

function jsonOf(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
