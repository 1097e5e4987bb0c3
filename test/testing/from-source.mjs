// Runs programs that use the libraries' sources: `node --import ./test/testing/from-source.mjs program.ts`.
// Node strips types, but neither finds @switchyard/<lib> nor knows what the sources use beyond types; swc does, as in the tests.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const LIBRARY = /^@switchyard\/([a-z]+)$/;
const RELATIVE_JS = /^(\.{1,2}\/.*)\.js$/;
const OWN_PROGRAM = /^file:.*\/apps\/.*\.js$/;
const OWN_SOURCE = /^file:.*\/(apps|libs|test)\/.*\.ts$/;

registerHooks({
  resolve: (specifier, context, next) => {
    const [, library] = LIBRARY.exec(specifier) ?? [];
    if (library !== undefined)
      return next(new URL(`../../libs/${library}/src/index.ts`, import.meta.url).href, context);
    // A process of ours that starts another one names its program as it is called once built.
    const isProgram = context.parentURL === undefined && OWN_PROGRAM.test(specifier);
    if (isProgram && !existsSync(fileURLToPath(specifier))) return next(specifier.replace(/\.js$/, '.ts'), context);
    const [, stem] = RELATIVE_JS.exec(specifier) ?? [];
    const isOwn = stem !== undefined && OWN_SOURCE.test(context.parentURL ?? '');
    return next(isOwn ? `${stem}.ts` : specifier, context);
  },
  load: (url, context, next) => {
    if (!OWN_SOURCE.test(url)) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { filename });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
