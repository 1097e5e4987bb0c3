import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Names the way of sealing, should there ever be another. */
const FORM = 'v1.';
const DIGEST_PREFIX_LENGTH = 8;

/** The row that a secret is sealed for: in any other one it cannot be opened. */
export interface SealedPlace {
  readonly rowId: string;
  readonly provider: string;
}

/** Seals providers' secrets for the database, under keys made of the deployment's encryption key. */
export class CredentialVault {
  private readonly sealingKey: Buffer;
  private readonly digestKey: Buffer;

  /** `encryptionKey`: at least 32 bytes. */
  constructor(encryptionKey: Buffer) {
    this.sealingKey = derived(encryptionKey, 'switchyard provider credentials');
    this.digestKey = derived(encryptionKey, 'switchyard provider credential digests');
  }

  seal(secret: string, place: SealedPlace): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.sealingKey, nonce).setAAD(boundTo(place));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return FORM + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** `null` = sealed under another key or for another row, or not sealed by this. */
  open(sealed: string, place: SealedPlace): string | null {
    if (!sealed.startsWith(FORM)) return null;
    const bytes = Buffer.from(sealed.slice(FORM.length), 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(CIPHER, this.sealingKey, bytes.subarray(0, NONCE_BYTES))
      .setAAD(boundTo(place))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const text = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
      return Buffer.concat(text).toString('utf8');
    } catch {
      return null;
    }
  }

  /** Tells secrets apart and helps nobody to guess them: eight digits of a keyed digest. */
  digestPrefixOf(secret: string): string {
    return createHmac('sha256', this.digestKey).update(secret).digest('hex').slice(0, DIGEST_PREFIX_LENGTH);
  }
}

function derived(encryptionKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', encryptionKey, Buffer.alloc(0), purpose, KEY_BYTES));
}

function boundTo({ rowId, provider }: SealedPlace): Buffer {
  return Buffer.from(`${rowId}\0${provider}`);
}
