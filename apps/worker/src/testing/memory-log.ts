import type { Logger } from '@switchyard/telemetry';

type Level = 'debug' | 'info' | 'warn' | 'error';

export interface MemoryLine {
  readonly level: Level;
  /** The arguments of the call: fields, then message. */
  readonly said: readonly unknown[];
}

/** A log that only remembers. */
export interface MemoryLog {
  readonly lines: MemoryLine[];
  readonly logger: Logger;
  flush(): void;
}

export function memoryLog(): MemoryLog {
  const lines: MemoryLine[] = [];
  const say =
    (level: Level) =>
    (...said: unknown[]): void => {
      lines.push({ level, said });
    };
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return { lines, logger: logger as unknown as Logger, flush: () => undefined };
}
