import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { checkConfig } from './cli-check-config.js';
import type { CliOutput } from './cli-output.js';
import { installedVersion } from './cli-version.js';
import { ConfigError } from './config/config-error.js';
import type { Environment } from './config/environment.js';
import { findConfig } from './config/find-config.js';
import { shippedSchemaText } from './config/shipped-schema.js';

const HELP = `Switchyard, a routing gateway for language models.

Usage:
  switchyard start [--config FILE]   start the gateway; without a file: SWITCHYARD_CONFIG, ./switchyard.yaml, built-in defaults
  switchyard worker [--config FILE]  run maintenance for gateways that share Redis and a database
  switchyard migrate [--config FILE] bring the database up to date and end
  switchyard check-config [FILE]     check a configuration and list every fault
  switchyard schema                  print the JSON Schema of the configuration
  switchyard version                 print the version
  switchyard --help                  print this text`;

const OK = 0;
const FAILED = 1;
const MISUSED = 2;

/** What every command that runs something is given. */
export interface ProcessOptions {
  readonly configPath: string | null;
}

/** What a command works with. */
export interface CliContext {
  readonly environment: Environment;
  readonly output: CliOutput;
  /** Starts the gateway and returns once it serves. */
  readonly start: (options: ProcessOptions) => Promise<void>;
  /** Runs maintenance until the process is told to stop. */
  readonly work: (options: ProcessOptions) => Promise<void>;
  /** Brings the database up to date; the names of what was applied. */
  readonly migrate: (options: ProcessOptions) => Promise<readonly string[]>;
}

/** Runs one command and returns the exit status; `null` = the gateway was started and keeps the process alive. */
export async function runCommand(args: readonly string[], context: CliContext): Promise<number | null> {
  const { output, environment } = context;
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    output.err(`${parsed}\n\n${HELP}`);
    return MISUSED;
  }
  const [command, file] = parsed.words;
  if (parsed.isHelp || command === 'help') {
    output.out(HELP);
    return OK;
  }
  switch (command) {
    case 'start':
      return run(context, () => context.start({ configPath: parsed.config }));
    case 'worker':
      return run(context, () => context.work({ configPath: parsed.config }));
    case 'migrate':
      return migrate(parsed.config, context);
    case 'check-config': {
      const path = findConfig(file ?? parsed.config, environment);
      if (path !== null) return checkConfig(path, environment, output);
      output.err('Which file? switchyard check-config FILE');
      return MISUSED;
    }
    case 'schema':
      output.out(shippedSchemaText().trimEnd());
      return OK;
    case 'version':
      output.out(installedVersion());
      return OK;
    default:
      output.err(command === undefined ? HELP : `Unknown command "${command}".\n\n${HELP}`);
      return MISUSED;
  }
}

interface ParsedArguments {
  readonly words: readonly string[];
  readonly config: string | null;
  readonly isHelp: boolean;
}

/** A string says what is wrong with the arguments. */
function parse(args: readonly string[]): ParsedArguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } },
    });
    const allowed = positionals[0] === 'check-config' ? 2 : 1;
    const surplus = positionals[allowed];
    if (surplus !== undefined) return `Unexpected argument "${surplus}".`;
    return { words: positionals, config: values.config ?? null, isHelp: values.help ?? false };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs what keeps the process alive; `null` once it does. */
async function run({ output }: CliContext, begin: () => Promise<void>): Promise<number | null> {
  try {
    await begin();
    return null;
  } catch (error) {
    return failed(output, 'Switchyard could not start', error);
  }
}

async function migrate(configPath: string | null, { output, migrate: apply }: CliContext): Promise<number> {
  try {
    const applied = await apply({ configPath });
    output.out(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    return OK;
  } catch (error) {
    return failed(output, 'The database could not be brought up to date', error);
  }
}

function failed(output: CliOutput, what: string, error: unknown): number {
  output.err(error instanceof ConfigError ? error.message : `${what}: ${(error as Error).message}`);
  return FAILED;
}
