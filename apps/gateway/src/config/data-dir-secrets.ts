import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where generated secrets come from. */
export interface SecretStore {
  /** The secret of this name, made by `make` the first time. Throws when it exists but cannot be used. */
  obtain(name: string, make: () => string): string;
}

export const PEPPER = 'pepper';
export const ENCRYPTION_KEY = 'encryption-key';
export const LOCAL_KEY = 'local-key';

const SECRET_BYTES = 32;
const SECRET_LENGTH_MIN = 32;

/** Fresh key material, as text. */
export function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Secrets that live in the data directory, readable by the owner only, and are read again at later starts. */
export function keptSecrets(dataDir: string): SecretStore {
  return {
    obtain(name, make) {
      const file = join(dataDir, name);
      const existing = readIfThere(file);
      if (existing === null) {
        mkdirSync(dataDir, { recursive: true, mode: 0o700 });
        createWhole(file, make());
      }
      const secret = (existing ?? readFileSync(file, 'utf8')).trim();
      if (secret.length < SECRET_LENGTH_MIN)
        throw new Error(`${file} holds no usable secret; restore it, or remove it to have a new one made`);
      return secret;
    },
  };
}

/** Secrets that are forgotten at once: for checking a configuration without leaving a trace. */
export function throwawaySecrets(): SecretStore {
  return { obtain: (_name, make) => make() };
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Creates a file with all of its content or not at all. Several processes may start at once on a fresh directory: the
 * first wins and the others read what it wrote, never a part of it.
 */
function createWhole(file: string, content: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${content}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
