import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainToInstance } from 'class-transformer';
import { ModelEntry, ProviderEntry } from '@switchyard/catalog';
import type { CatalogEntries } from '@switchyard/catalog';
import { parse } from 'yaml';
import { isMapping } from './yaml-text.js';

const FOLDER = join('config', 'catalog');

/**
 * The shipped catalogue, from the YAML files in `config/catalog`. Its entries are not validated here: a test of the
 * repository does that, and start-up stays quick.
 */
export function readBuiltinCatalogue(folder: string = builtinFolder()): CatalogEntries {
  const providers: ProviderEntry[] = [];
  const models: ModelEntry[] = [];
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()) {
    const content: unknown = parse(readFileSync(join(folder, name), 'utf8'));
    if (!isMapping(content)) continue;
    providers.push(...plainToInstance(ProviderEntry, listOf(content['providers'])));
    models.push(...plainToInstance(ModelEntry, listOf(content['models'])));
  }
  return { providers, models };
}

/** The folder belongs to the package, whose root lies further up from the sources than from the build. */
function builtinFolder(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, FOLDER))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`The installation is incomplete: it has no ${FOLDER}`);
    directory = parent;
  }
  return join(directory, FOLDER);
}

function listOf(value: unknown): object[] {
  return Array.isArray(value) ? (value as object[]) : [];
}
