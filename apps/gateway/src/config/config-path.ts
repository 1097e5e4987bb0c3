/** A place in the file: keys of mappings and indices of lists, outermost first. */
export type ConfigPath = readonly (string | number)[];

/** `['models', 0, 'id']` as `models[0].id`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${String(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** The reverse of `pathText`. Keys with dots or brackets in them do not survive the trip; no known key has any. */
export function parsePath(text: string): ConfigPath {
  return [...text.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
}

/** The value at `path`; `undefined` where there is none. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined,
    root,
  );
}
