import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainToInstance } from 'class-transformer';
import { ModelEntry, ProviderEntry } from '@switchyard/catalog';
import type { CatalogEntries } from '@switchyard/catalog';
import { parse } from 'yaml';
import { isMapping } from './yaml-text.js';

const FOLDER = join('config', 'catalog');

let shipped: CatalogEntries | null = null;

/**
 * The shipped catalogue, from the YAML files in `config/catalog`. Read once: an installation does not change under a
 * running process, and a reload must not keep requests waiting while it parses the same files again. Its entries are
 * not validated here: a test of the repository does that.
 */
export function builtinCatalogue(): CatalogEntries {
  shipped ??= readCatalogue(builtinFolder());
  return shipped;
}

function readCatalogue(folder: string): CatalogEntries {
  const providers: ProviderEntry[] = [];
  const models: ModelEntry[] = [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  for (const name of files.sort()) {
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
