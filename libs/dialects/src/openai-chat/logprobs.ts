import type { JsonValue } from '@switchyard/contract';
import { listOf, objectOf } from './fields.js';

/** Joins the `logprobs` of a stream's chunks into the one object that a JSON answer has. */
export class LogprobsCollector {
  /** By member (`content`, `refusal`); null for one that was named and never filled. */
  private readonly lists = new Map<string, JsonValue[] | null>();

  add(logprobs: JsonValue | undefined): void {
    for (const [key, value] of Object.entries(objectOf(logprobs) ?? {})) {
      const list = this.lists.get(key) ?? (Array.isArray(value) ? [] : null);
      for (const token of listOf(value)) list?.push(token);
      this.lists.set(key, list);
    }
  }

  /** Undefined when none came. */
  get value(): JsonValue | undefined {
    return [...this.lists.values()].some((list) => list !== null) ? Object.fromEntries(this.lists) : undefined;
  }
}
