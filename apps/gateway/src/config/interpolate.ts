import type { ConfigPath } from './config-path.js';
import type { Environment } from './environment.js';
import { isMapping } from './yaml-text.js';

/** What became of the references in a tree of plain values. */
export interface Interpolated {
  readonly value: unknown;
  /** The text as written, for each place that held a reference. */
  readonly written: readonly { readonly path: ConfigPath; readonly text: string }[];
  /** References that could not be resolved. */
  readonly unresolved: readonly { readonly path: ConfigPath; readonly text: string; readonly problem: string }[];
}

const REFERENCE = /\$(?:\$|\{([^}]*)(\})?)/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string by values of the environment. As in a shell, `:-` also
 * replaces an empty value. `$$` stands for a dollar sign.
 */
export function interpolate(root: unknown, environment: Environment): Interpolated {
  const written: { path: ConfigPath; text: string }[] = [];
  const unresolved: { path: ConfigPath; text: string; problem: string }[] = [];

  const resolveText = (text: string, path: ConfigPath): string => {
    if (!text.includes('$')) return text;
    return text.replace(REFERENCE, (reference: string, inner: string | undefined, closed: string | undefined) => {
      if (reference === '$$') return '$';
      written.push({ path, text });
      const parts = closed === undefined ? null : NAME_AND_DEFAULT.exec(inner ?? '');
      if (parts === null) {
        unresolved.push({
          path,
          text,
          problem: 'a reference of the form ${NAME} or ${NAME:-default} ($$ for a dollar sign)',
        });
        return '';
      }
      const [, name = '', fallback] = parts;
      const value = environment[name];
      if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
      if (value === undefined) {
        unresolved.push({
          path,
          text,
          problem: `the environment variable ${name} to be set, or a default: \${${name}:-...}`,
        });
      }
      return value ?? '';
    });
  };

  const walk = (value: unknown, path: ConfigPath): unknown => {
    if (typeof value === 'string') return resolveText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  };

  return { value: walk(root, []), written, unresolved };
}
