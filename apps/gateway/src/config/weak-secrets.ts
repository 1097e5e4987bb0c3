import type { ConfigNotice } from './config-error.js';
import type { SwitchyardFile } from './switchyard-file.js';

/** A shorter secret works, but can be guessed by somebody who may try often. */
export const SECRET_LENGTH_ADVISED = 16;
const DISTINCT_ADVISED = 8;

/** What makes a secret easy to guess, as far as a look at it tells; `null` = nothing. */
export function weaknessOf(secret: string): string | null {
  if (secret.length < SECRET_LENGTH_ADVISED)
    return `shorter than ${String(SECRET_LENGTH_ADVISED)} characters: easy to guess`;
  return new Set(secret).size < DISTINCT_ADVISED ? 'made of very few different characters: easy to guess' : null;
}

/** The deployment's own secrets, where the file gives them. */
export function deploymentSecretNotices({ security, database }: SwitchyardFile): ConfigNotice[] {
  const given = [
    ['security.pepper', security.pepper],
    ['security.encryption_key', security.encryption_key],
  ] as const;
  return given.flatMap(([path, secret]) => {
    // Keys and credentials of a shared database are kept under them: with others, no replica could use another's.
    const shared = 'generated into data_dir; replicas that share the database must be given one and the same';
    const message = secret === undefined ? (database === undefined ? null : shared) : weaknessOf(secret);
    return message === null ? [] : [{ path, message }];
  });
}
