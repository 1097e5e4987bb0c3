/**
 * The house rules that neither the compiler nor the linter can see, as tests: style that is tested needs no reviewer.
 * A failing test lists the places, so that the fix is a jump away.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SELF = 'test/tidy/tidy.spec.ts';

/** Not ours to tidy: installed, generated, or recorded. */
const SKIPPED_FOLDERS = new Set([
  '.git',
  'node_modules',
  'dist',
  'coverage',
  'data',
  'fixtures',
  '__fixtures__',
  'golden',
]);
const TEXT = /\.(ts|mts|js|mjs|cjs|json|ya?ml|md|sh|sql|lua|css|html)$|^\.?[A-Za-z]+$|^\.[a-z.]+$/;

const FILE_LINES_MAX = 300;
const FILE_BYTES_MAX = 400_000;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

function read(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  return { path: relative(ROOT, path).replaceAll('\\', '/'), text, lines: text.split('\n') };
}

const allPaths = filesBelow(ROOT);
const texts = allPaths.filter((path) => TEXT.test(path.split(/[\\/]/).at(-1)!)).map(read);
const prose = texts.filter((file) => file.path !== SELF && file.path !== 'package-lock.json');
const code = prose.filter((file) => /\.(ts|mjs)$/.test(file.path));
const specs = code.filter((file) => file.path.endsWith('.spec.ts'));
const markdown = prose.filter((file) => file.path.endsWith('.md'));

/** `path:line: the line` of every line that matches, so that an editor can jump there. */
function linesMatching(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${String(index + 1)}: ${line.trim()}`] : [])),
  );
}

describe('the tree', () => {
  it('is seen by these tests at all', () => {
    expect(texts.map((file) => file.path)).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', '.ci/run', SELF]),
    );
  });

  it('gives every library one door, src/index.ts', () => {
    const libraries = readdirSync(join(ROOT, 'libs'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const withoutDoor = libraries
      .map(({ name }) => `libs/${name}/src/index.ts`)
      .filter((door) => !texts.some((file) => file.path === door));
    expect(withoutDoor).toEqual([]);
  });

  it('names files and folders in lower case with hyphens, apart from the documents at the root', () => {
    const odd = allPaths
      .map((path) => relative(ROOT, path))
      .filter((path) => /^(apps|libs|test|scripts|config|docs|deploy)\//.test(path))
      .filter(
        (path) =>
          !/^[a-z0-9._/-]+$/.test(path) &&
          !/\/(README\.md|Dockerfile|Chart\.yaml|NOTES\.txt|_helpers\.tpl)$/.test(path),
      );
    expect(odd).toEqual([]);
  });

  it('holds no file too large to read', () => {
    const large = allPaths
      .filter((path) => statSync(path).size > FILE_BYTES_MAX)
      .map((path) => relative(ROOT, path))
      .filter((path) => path !== 'package-lock.json');
    expect(large).toEqual([]);
  });
});

describe('the code', () => {
  it(`keeps a file within ${String(FILE_LINES_MAX)} lines, or says why it is longer`, () => {
    const long = code
      .filter((file) => !file.path.endsWith('.spec.ts') && !/eslint-disable max-lines -- \w+/.test(file.text))
      .map(({ path, lines }) => ({ path, count: lines.filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length }))
      .filter(({ count }) => count > FILE_LINES_MAX);
    expect(long).toEqual([]);
  });

  it('turns no check off without the reason beside it', () => {
    expect(
      linesMatching(code, /eslint-disable(?!.* -- \w+)|@ts-ignore|@ts-nocheck|prettier-ignore(?!.* -- \w+)/),
    ).toEqual([]);
  });

  it('leaves nothing for later in a comment', () => {
    expect(linesMatching(prose, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('runs every test that is written', () => {
    expect(
      linesMatching(specs, /\b(describe|it|test)\.(only|skip|todo)\b|\b(fdescribe|fit|xdescribe|xit|xtest)\(/),
    ).toEqual([]);
  });

  it('has an expectation in every test file', () => {
    expect(specs.filter((file) => !/\bexpect\(|\bfc\.assert\(/.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});

describe('the repository', () => {
  it('knows nothing about the machine it was written on', () => {
    expect(linesMatching(prose, /(^|[\s'"`(=:])\/(work|home|Users|root|tmp)\//)).toEqual([]);
  });

  it('names no package registry: where packages come from is the installing machine’s business', () => {
    expect(
      linesMatching(prose, /registry\.npm|registry\.yarn|npmmirror|unpkg\.com|jsdelivr|esm\.sh|pypi\.org|crates\.io/i),
    ).toEqual([]);
    expect(linesMatching(texts, /"resolved": "https?:/)).toEqual([]);
  });
});

describe('the documentation', () => {
  it('starts every page with its one title and skips no level of heading', () => {
    const faults = markdown.flatMap(({ path, text }) => {
      const withoutCode = text.replaceAll(/^```[\s\S]*?^```/gm, '');
      const levels = [...withoutCode.matchAll(/^(#{1,6}) /gm)].map((match) => match[1]!.length);
      const titles = levels.filter((level) => level === 1).length;
      const skips = levels.some((level, index) => index > 0 && level > levels[index - 1]! + 1);
      return text.startsWith('# ') && titles === 1 && !skips ? [] : [path];
    });
    expect(faults).toEqual([]);
  });

  it('links only to files that exist', () => {
    const present = new Set(allPaths);
    const dead = markdown.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
        .map((match) => match[1]!)
        .filter((target) => {
          const absolute = resolve(ROOT, dirname(path), target);
          return !present.has(absolute) && !allPaths.some((file) => file.startsWith(`${absolute}/`));
        })
        .map((target) => `${path} -> ${target}`),
    );
    expect(dead).toEqual([]);
  });
});
