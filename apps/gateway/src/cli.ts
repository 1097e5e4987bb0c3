#!/usr/bin/env node
import { runCommand } from './cli-commands.js';
import { processOutput } from './cli-output.js';
import { processEnvironment } from './config/environment.js';

const status = await runCommand(process.argv.slice(2), {
  environment: processEnvironment(),
  output: processOutput,
  start: async (options) => {
    // Loaded only when needed, so that the other commands answer at once.
    const { startSwitchyard } = await import('./process/start.js');
    await startSwitchyard(options);
  },
  work: async (options) => {
    const { runWorker } = await import('./process/run-worker.js');
    await runWorker(options);
  },
  migrate: async (options) => {
    const { runMigrate } = await import('./process/run-migrate.js');
    return (await runMigrate(options)).applied;
  },
});
if (status !== null) process.exitCode = status;
