import type { JsonObject } from '@switchyard/contract';

export interface Page {
  readonly data: readonly JsonObject[];
  /** Cursor of the next page; `null` = this was the last. */
  readonly next_cursor: string | null;
}

interface Named {
  readonly id: string;
  readonly view: JsonObject;
}

/**
 * One page of what the configuration file and the database hold together, by id in byte order. `stored` are the first
 * `limit + 1` of the database after the cursor. An id that is in both is the configuration's: that one is in force.
 */
export function mergedPage(
  configured: readonly Named[],
  stored: readonly Named[],
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Page {
  const ids = new Set(configured.map(({ id }) => id));
  const all = [
    ...configured.filter(({ id }) => cursor === undefined || id > cursor),
    ...stored.filter(({ id }) => !ids.has(id)),
  ];
  const ordered = all.sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = ordered.slice(0, limit);
  return { data: page.map(({ view }) => view), next_cursor: ordered.length > limit ? (page.at(-1)?.id ?? null) : null };
}
