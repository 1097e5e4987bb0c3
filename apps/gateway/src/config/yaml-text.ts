import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { ConfigFault } from './config-error.js';
import type { ConfigPath } from './config-path.js';
import { pathText } from './config-path.js';

export type Mapping = Record<string, unknown>;

/** A YAML text, read but not yet understood. */
export interface YamlText {
  readonly root: Mapping;
  readonly faults: readonly ConfigFault[];
  /** 1-based line of the innermost part of `path` that the text has; `null` when it has no part of it. */
  lineOf(path: ConfigPath): number | null;
}

/** Far above any real configuration; a generated file that ran away stops here and not in the memory of every worker. */
const TEXT_LENGTH_MAX = 1024 * 1024;

const TOO_MANY_ALIASES: ConfigFault = {
  path: '',
  line: null,
  value: 'aliases that multiply what is written',
  expected: 'a text that is about as long as what it says',
};

/** Parses YAML 1.2. Faults are syntax errors (with their line), and keys that would reach into an object's prototype. */
export function readYaml(text: string): YamlText {
  if (text.length > TEXT_LENGTH_MAX) {
    return unreadable({
      path: '',
      line: null,
      value: `${String(text.length)} characters`,
      expected: `at most ${String(TEXT_LENGTH_MAX)} characters`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineOf = (path: ConfigPath): number | null => lineOfNode(document, lines, path);
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({
      path: '',
      line: lines.linePos(error.pos[0]).line,
      value: 'text that is not YAML',
      expected: `valid YAML: ${error.message.split('\n', 1)[0] ?? error.code}`,
    }));
    return { root: {}, faults, lineOf };
  }
  const plain = plainOf(document);
  if (plain === null) return unreadable(TOO_MANY_ALIASES);
  const { root } = plain;
  if (root === null || root === undefined) return { root: {}, faults: [], lineOf };
  if (!isMapping(root)) {
    return unreadable({
      path: '',
      line: 1,
      value: Array.isArray(root) ? 'a list' : 'a single value',
      expected: 'a mapping of settings',
    });
  }
  const faults = inheritedKeys(root, []).map((path) => ({
    path: pathText(path),
    line: lineOf(path),
    value: 'a key that is no setting',
    expected: 'a known key',
  }));
  return { root, faults, lineOf };
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `null` where aliases of aliases would make a small text a huge configuration. */
function plainOf(document: Document): { readonly root: unknown } | null {
  try {
    return { root: document.toJS() as unknown };
  } catch (error) {
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}

function unreadable(fault: ConfigFault): YamlText {
  return { root: {}, faults: [fault], lineOf: () => null };
}

/** Paths of keys such as `__proto__` and `constructor`, which look-ups in plain objects would take for known ones. */
function inheritedKeys(value: unknown, path: ConfigPath): ConfigPath[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => inheritedKeys(item, [...path, index]));
  if (!isMapping(value)) return [];
  return Object.keys(value).flatMap((key) =>
    key in Object.prototype ? [[...path, key]] : inheritedKeys(value[key], [...path, key]),
  );
}

function lineOfNode(document: Document, lines: LineCounter, path: ConfigPath): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (node === undefined) break;
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset === null ? null : lines.linePos(offset).line;
}

function startOf(node: unknown): number | undefined {
  return (node as Partial<Node> | null)?.range?.[0];
}
