import type { RequestNotes } from './request-notes.js';

/** Anthropic took 64 characters before it took 128, and compatible hosts still do. */
const DEFAULT_LENGTH = 64;
const HASH_LENGTH = 8;

/** The name under which a tool is sent: letters, digits, `_` and `-`, not too long, the same for the same name every time. */
export function sentToolName(name: string, notes: RequestNotes): string {
  const longest = notes.target.deviations.toolNameMax ?? DEFAULT_LENGTH;
  if (name.length <= longest && /^[a-zA-Z0-9_-]+$/.test(name)) return name;
  const readable = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, longest - HASH_LENGTH - 1);
  return notes.rename(name, `${readable}_${hashOf(name)}`);
}

/** FNV-1a over UTF-16 code units: keeps apart the names that look alike once shortened. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(HASH_LENGTH, '0');
}
