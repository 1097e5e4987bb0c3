import type { JsonValue } from '@switchyard/contract';
import { listOf, objectOf } from './fields.js';

/** Joins the `logprobs` of a stream's chunks into the one object that a JSON answer has. */
export class LogprobsCollector {
  private readonly lists = new Map<string, JsonValue[]>();

  add(logprobs: JsonValue | undefined): void {
    for (const [key, value] of Object.entries(objectOf(logprobs) ?? {})) {
      if (!Array.isArray(value)) continue;
      const list = this.lists.get(key) ?? [];
      list.push(...listOf(value));
      this.lists.set(key, list);
    }
  }

  /** Undefined when none came. */
  get value(): JsonValue | undefined {
    return this.lists.size === 0 ? undefined : Object.fromEntries(this.lists);
  }
}
