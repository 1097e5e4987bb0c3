import { createGzip, gzipSync } from 'node:zlib';
import type { Fault } from './fault.js';

const MEGABYTE = Buffer.alloc(1024 * 1024, 'a');
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n';
const STRANGER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{"stranger":"data"}';

/** Answers that abuse HTTP itself. */
export const connectionFaults = {
  accept_then_close: (scene) => scene.exchange.sever(),
  no_headers: (scene) => scene.exchange.hang(),
  /** The body was not read while the time ran (see `delayOfBody`); the answer is a good one. */
  slow_body_read: (scene) => scene.play(),
  bad_status_line: async (scene) => {
    if (await scene.exchange.writeRaw('HTTP/1.1 2OO Fine\r\ncontent-length: 2\r\n\r\nok')) await scene.exchange.sever();
  },
  /** `header_flood[:count]`: headers of 100 characters each in front of a good answer. */
  header_flood: (scene, argument) => {
    const count = argument.number(0, 2000);
    const flood = Array.from({ length: count }, (_, index) => [`x-flood-${index}`, 'f'.repeat(100)] as const);
    scene.exchange.reply(200, { ...scene.headers(), ...Object.fromEntries(flood) }, scene.text());
  },
  /** `1xx_flood[:count]`: interim answers in front of a good one. */
  '1xx_flood': async (scene, argument) => {
    for (let left = argument.number(0, 10_000); left > 0; left -= 1_000) {
      if (!(await scene.exchange.writeRaw(HINT.repeat(Math.min(left, 1_000))))) return;
    }
    await scene.play();
  },
  /** `gzip_bomb[:megabytes]` */
  gzip_bomb: async (scene, argument) => {
    const prefix = scene.streams ? 'data: "' : '{"bomb":"';
    const bomb = await zipped(prefix, argument.number(0, 100));
    scene.exchange.reply(200, { ...scene.headers(), 'content-encoding': 'gzip' }, bomb);
  },
  /** `gzip_layers[:count]`: a good answer packed several times over. */
  gzip_layers: (scene, argument) => {
    const layers = Array.from({ length: argument.number(0, 5) }, () => 'gzip');
    const body = layers.reduce((inner) => gzipSync(inner), Buffer.from(scene.text()));
    scene.exchange.reply(200, { ...scene.headers(), 'content-encoding': layers.join(', ') }, body);
  },
  /** A second answer on the connection that nobody asked for. */
  extra_response: (scene) => {
    scene.exchange.afterEnd(STRANGER);
    return scene.play();
  },
} satisfies Record<string, Fault>;

async function zipped(prefix: string, megabytes: number): Promise<Buffer> {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  const packed = (async () => {
    for await (const chunk of gzip) chunks.push(chunk as Buffer);
  })();
  gzip.write(prefix);
  for (let left = megabytes; left > 0; left -= 1) {
    if (!gzip.write(MEGABYTE)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end('"}');
  await packed;
  return Buffer.concat(chunks);
}
