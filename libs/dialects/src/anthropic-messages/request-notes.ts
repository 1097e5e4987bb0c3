import type { RequestTarget } from '../dialect.js';

/** What the writers of one request take down beside the body: what was lost, and what was renamed. */
export class RequestNotes {
  private readonly lost = new Set<string>();
  readonly renamed = new Map<string, string>();

  constructor(readonly target: RequestTarget) {}

  /** Takes down something that the protocol or the target has no form for, in the words of the caller's protocol. */
  drop(name: string): void {
    this.lost.add(name);
  }

  get dropped(): readonly string[] {
    return [...this.lost].sort();
  }

  /** Takes down what a name or id was before, so that the answer can be put back into the caller's words. */
  rename(original: string, sent: string): string {
    if (sent !== original) this.renamed.set(sent, original);
    return sent;
  }
}
