/** What a translation could not express, by name. */
export class Losses {
  private readonly names = new Set<string>();

  add(name: string): void {
    this.names.add(name);
  }

  /** Sorted, no duplicates. */
  get list(): readonly string[] {
    return [...this.names].sort();
  }
}
