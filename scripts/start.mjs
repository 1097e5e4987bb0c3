// `npm start`: builds what changed, then becomes the gateway. The gateway takes over this very process, so signals reach
// it directly, its exit code is ours, and no parent stays behind. Arguments are passed on: `npm start -- --config my.yaml`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ENTRY = join(ROOT, 'dist/apps/gateway/src/cli.js');
const BUILDER = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');

const OLDEST_NODE = { major: 22, minor: 19 };

/** What the build reads. Tests are left out: editing one must not cost a build. */
const SOURCE_FOLDERS = ['apps', 'libs'];
const SOURCE_FILES = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];

/**
 * @param {string} reason
 * @returns {never}
 */
function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

/**
 * @param {string} path
 * @returns {number} milliseconds since 1970; 0 when there is no such file, as in an image that ships no sources
 */
function modifiedAtMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @returns {number} when the youngest source was changed, in milliseconds since 1970 */
function sourcesModifiedAtMs() {
  const inFolders = SOURCE_FOLDERS.map((folder) => join(ROOT, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
  const atRoot = SOURCE_FILES.map((file) => join(ROOT, file));
  return Math.max(...[...inFolders, ...atRoot].map(modifiedAtMs));
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE.major || (major === OLDEST_NODE.major && minor >= OLDEST_NODE.minor)) return;
  refuse(
    `Switchyard runs on Node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer, and this is ${process.version}. ` +
      '`npm start` uses the Node that `npm ci` installed.',
  );
}

function build() {
  if (!existsSync(BUILDER)) refuse('The packages are not installed: run `npm ci` first.');
  process.stderr.write('Building Switchyard ...\n');
  const { status } = spawnSync(process.execPath, [BUILDER, 'build', 'gateway'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) refuse('The build failed; nothing was started.');
}

checkNode();
if (modifiedAtMs(ENTRY) < sourcesModifiedAtMs() || !existsSync(ENTRY)) build();
if (process.execve === undefined) refuse('Switchyard runs on Linux and macOS.');
process.execve(process.execPath, [process.execPath, ENTRY, 'start', ...process.argv.slice(2)], process.env);
