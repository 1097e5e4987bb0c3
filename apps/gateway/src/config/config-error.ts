/** One thing wrong with a configuration. */
export interface ConfigFault {
  /** `models[0].endpoints[1].price.prompt`; empty for the file as a whole. */
  readonly path: string;
  /** 1-based line in the file; `null` when the value is not in it. */
  readonly line: number | null;
  /** What was found, fit to be shown: secrets are masked. */
  readonly value: string;
  /** What would have been right, completing "expected ...". */
  readonly expected: string;
}

/** A configuration that cannot be used. Carries every fault found, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly source: string,
    readonly faults: readonly ConfigFault[],
  ) {
    super(
      `${source}: ${String(faults.length)} ${faults.length === 1 ? 'fault' : 'faults'}\n${faults.map(faultLine).join('\n')}`,
    );
  }
}

/** One fault as one line of text. */
export function faultLine(fault: ConfigFault): string {
  const place = fault.line === null ? '' : ` (line ${String(fault.line)})`;
  return `  ${fault.path === '' ? 'the file' : fault.path}${place}: found ${fault.value}, expected ${fault.expected}`;
}

/** Something that works but is worth a look. */
export interface ConfigNotice {
  readonly path: string;
  readonly message: string;
}
