/** One thing wrong in the configuration: where, what was there, and what was expected instead. */
export interface CatalogFault {
  readonly path: string;
  readonly value: unknown;
  readonly expected: string;
}

/** Gathers faults under the path of the entry they belong to. */
export class FaultList {
  readonly faults: CatalogFault[] = [];

  add(path: string, value: unknown, expected: string): void {
    this.faults.push({ path, value, expected });
  }
}
