/** The peer: `@portkey-ai/gateway`, installed into a cache folder of the bench, no dependency of the product. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PORTKEY_VERSION = '1.15.2';

/** The newer releases that a plain installation brings make its streams fail (Portkey-AI/gateway#1389). */
const NODE_SERVER_VERSION = '1.13.8';

const INSTALL_MAX_MS = 180_000;

/** Path of its server, installed on first use; null when it cannot be had, for example without a network. */
export function findPortkey(): string | null {
  const folder = join(tmpdir(), 'switchyard-bench', `portkey-${PORTKEY_VERSION}-${NODE_SERVER_VERSION}`);
  const server = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (existsSync(server)) return server;
  mkdirSync(folder, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { '@portkey-ai/gateway': PORTKEY_VERSION },
    overrides: { '@hono/node-server': NODE_SERVER_VERSION },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: 'ignore',
    timeout: INSTALL_MAX_MS,
  });
  return existsSync(server) ? server : null;
}
