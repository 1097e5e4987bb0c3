import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from './load-config.js';
import { readSettings } from './read-settings.js';
import { shippedSchema, shippedSchemaText } from './shipped-schema.js';

const EXAMPLE = 'config/switchyard.example.yaml';
const SCHEMA = 'config/switchyard.schema.json';
const CATALOGUE = 'config/catalog';

describe('the shipped example', () => {
  it('loads on a machine without a single variable set, and every name in it fits', () => {
    const { config, notices } = loadConfig({ path: EXAMPLE, environment: {}, secrets: 'throwaway' });

    expect(config.catalog.resolve('m1')?.model.endpoints.map(({ tag }) => tag)).toEqual(['deepinfra/turbo', 'lab']);
    expect(config.keys.map(({ keyId }) => keyId)).toEqual(['ci', 'operator']);
    const expected = /not set in the environment|by this version of Switchyard/;
    expect(notices.filter(({ message }) => !expected.test(message))).toEqual([]);
  });

  it('shows every section that there is', () => {
    const shown = readFileSync(EXAMPLE, 'utf8');
    const sections = Object.keys(shippedSchema()['properties'] as object);

    expect(sections.filter((section) => !new RegExp(`^#? ?${section}:`, 'm').test(shown))).toEqual(['compat']);
  });
});

describe('the shipped schema', () => {
  it('is the one that the settings classes make', () => {
    expect(readFileSync(SCHEMA, 'utf8')).toBe(shippedSchemaText());
  });

  it('has a form for every setting, and each definition it refers to', () => {
    const text = shippedSchemaText();
    const { $defs: definitions } = JSON.parse(text) as { $defs: Record<string, object> };
    const referred = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name ?? '');

    expect(new Set(referred)).toEqual(new Set(Object.keys(definitions)));
    expect(text).not.toMatch(/:\s*\{\}/);
  });
});

describe('the shipped catalogue', () => {
  it.each(readdirSync(CATALOGUE).filter((name) => name.endsWith('.yaml')))(
    '%s keeps the rules of the file format',
    (name) => {
      const text = readFileSync(join(CATALOGUE, name), 'utf8');

      expect(Object.keys(parse(text) as object).filter((key) => key !== 'providers' && key !== 'models')).toEqual([]);
      expect(readSettings(text, {}).faults).toEqual([]);
    },
  );

  it('fits together without a fault', () => {
    expect(
      loadConfig({ path: null, text: '', environment: {}, secrets: 'throwaway' }).config.catalog.models.length,
    ).toBeGreaterThan(10);
  });
});
