import 'reflect-metadata';
import { Database } from '@switchyard/database';
import type { MigrationReport } from '@switchyard/database';
import { processEnvironment } from '../config/environment.js';
import { findConfig } from '../config/find-config.js';
import { ledgerFile } from './data-files.js';
import { loadSource, readSource } from './load-runtime.js';

/** `switchyard migrate`: brings the database of a configuration up to date without starting anything. Throws what stands against it. */
export async function runMigrate({ configPath }: { readonly configPath: string | null }): Promise<MigrationReport> {
  const { config } = loadSource(readSource(findConfig(configPath, processEnvironment())));
  const database = Database.open({ url: config.database?.url ?? null, file: ledgerFile(config.dataDir) });
  try {
    return await database.migrate();
  } finally {
    await database.close();
  }
}
