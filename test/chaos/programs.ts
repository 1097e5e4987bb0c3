import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Flags with which Node runs the sources. */
export const SOURCE_FLAGS = [
  '--import',
  join(ROOT, 'test/testing/from-source.mjs'),
  '--disable-warning=ExperimentalWarning',
];

/** Which gateway is put to the test: the one that `npm run build` made, or the sources, for tests that must not need a build. */
export type Program = 'built' | 'sources';

/** Arguments of Node that run the command line of Switchyard. */
export function switchyard(program: Program): readonly string[] {
  if (program === 'built') return [join(ROOT, 'dist/apps/gateway/src/cli.js')];
  return [...SOURCE_FLAGS, join(ROOT, 'apps/gateway/src/cli.ts')];
}
