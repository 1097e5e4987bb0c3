// Redis and PostgreSQL for the tests: found on the machine, or installed where that is possible without asking. Nothing
// is started here; each suite starts what it needs on a free port of its own and stops it again.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const PACKAGES = ['redis-server', 'postgresql'];
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** @param {string} command */
const isOnPath = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** Debian keeps one folder a version, and puts the programs of the client alone there too: it is the server that counts. */
const hasPostgres = () =>
  isOnPath('initdb') ||
  (existsSync(DEBIAN_FOLDER) &&
    readdirSync(DEBIAN_FOLDER).some((version) => existsSync(join(DEBIAN_FOLDER, version, 'bin/initdb'))));

/** @returns {string[]} Debian packages that are missing */
const missing = () => [...(isOnPath('redis-server') ? [] : ['redis-server']), ...(hasPostgres() ? [] : ['postgresql'])];

/** @returns {string | null} what the person has to install; `null` = everything is there */
export function ensureTestServices() {
  if (missing().length === 0) return null;
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    process.stderr.write(`Installing ${missing().join(' and ')} for the tests ...\n`);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // A package that starts its server at once would leave one running that nobody asked for.
    const policy = ['-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=120'];
    spawnSync('apt-get', ['update', '-qq'], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...policy, ...missing()], {
      env: { ...environment, RUNLEVEL: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const still = missing();
  if (still.length === 0) return null;
  return (
    `The tests need ${PACKAGES.join(' and ')}, and this machine lacks ${still.join(' and ')}.\n` +
    `Install them: on Debian or Ubuntu \`sudo apt-get install ${still.join(' ')}\`, on macOS \`brew install redis postgresql\`.`
  );
}
