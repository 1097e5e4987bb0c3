import type { JsonSchema } from './checks.js';
import { schemaOf } from './json-schema.js';
import { SwitchyardFile } from './switchyard-file.js';

/** The JSON Schema of `switchyard.yaml`, as shipped in `config/switchyard.schema.json`. */
export function shippedSchema(): JsonSchema {
  return schemaOf(SwitchyardFile, { title: 'Switchyard configuration' });
}

/** The schema as text, byte for byte as in the file. */
export function shippedSchemaText(): string {
  return `${JSON.stringify(shippedSchema(), null, 2)}\n`;
}
