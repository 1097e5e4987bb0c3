// Lets a child process of a test run the product's sources as they are: `node --import <this file> program.ts`.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const LIBRARIES = new URL('../../../', import.meta.url);
const LIBRARY = /^@switchyard\/([a-z]+)$/;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const library = LIBRARY.exec(specifier)?.[1];
    if (library !== undefined) return nextResolve(new URL(`${library}/src/index.ts`, LIBRARIES).href, context);
    const isOwn = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
    return nextResolve(isOwn ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
  load(url, context, nextLoad) {
    if (!url.endsWith('.ts') || !url.startsWith(pathToFileURL('/').href)) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { filename });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
