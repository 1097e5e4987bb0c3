import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Tool, ToolChoice } from '@switchyard/conversation';
import { booleanOf, defined, objectOf, objectsOf, textOf } from './fields.js';
import { readCacheControl } from './read-parts.js';

/** `tools`, and the deprecated `functions`, which are tools without the wrapper. */
export function readTools(body: JsonObject): readonly Tool[] {
  return [
    ...objectsOf(body['tools']).map(readTool),
    ...objectsOf(body['functions']).map((declared) => functionTool(declared, {})),
  ];
}

function readTool(raw: JsonObject): Tool {
  const type = textOf(raw['type']) ?? 'function';
  const declared = objectOf(raw['function']);
  if (declared !== undefined) return functionTool(declared, raw);
  const custom = objectOf(raw['custom']);
  if (custom !== undefined) {
    return {
      kind: 'custom',
      name: textOf(custom['name']) ?? '',
      ...defined({ description: textOf(custom['description']), format: objectOf(custom['format']) }),
    };
  }
  return { kind: 'server', nativeType: type, name: textOf(raw['name']) ?? type, raw };
}

function functionTool(declared: JsonObject, owner: JsonObject): Tool {
  return {
    kind: 'function',
    name: textOf(declared['name']) ?? '',
    ...defined({
      description: textOf(declared['description']),
      schema: objectOf(declared['parameters']),
      strict: booleanOf(declared['strict']),
      cacheControl: readCacheControl(owner) ?? readCacheControl(declared),
    }),
  };
}

/** `tool_choice`, else the deprecated `function_call`; undefined when absent or of no known form. */
export function readToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body['tool_choice'] ?? body['function_call'];
  if (typeof choice === 'string') return MODES[choice];
  const raw = objectOf(choice);
  if (raw === undefined) return undefined;
  const allowed = objectOf(raw['allowed_tools']);
  if (allowed !== undefined) {
    const names = objectsOf(allowed['tools'])
      .map(nameIn)
      .filter((name) => name !== undefined);
    return { mode: 'allowed', names, required: allowed['mode'] === 'required' };
  }
  const name = nameIn(raw);
  return name === undefined ? undefined : { mode: 'tool', name };
}

const MODES: Readonly<Record<string, ToolChoice>> = {
  auto: { mode: 'auto' },
  none: { mode: 'none' },
  required: { mode: 'any' },
  any: { mode: 'any' },
};

function nameIn(raw: JsonObject): string | undefined {
  const owner: JsonValue | undefined = raw['function'] ?? raw['custom'] ?? raw;
  return textOf(objectOf(owner)?.['name']);
}
