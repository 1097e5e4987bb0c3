import type { Scene } from '../scene.js';
import { cutAfter, type Fault, type FaultArgument } from './fault.js';

/**
 * Answers that break off. The argument of all is the number of content pieces before the end (see `cutAfter`).
 */
export const cutFaults = {
  rst: async (scene, argument) => {
    if (await sendCut(scene, argument)) await scene.exchange.reset();
  },
  stall: async (scene, argument) => {
    if (await sendCut(scene, argument)) await scene.exchange.hang();
  },
  /** The connection just ends, in the middle of HTTP's own chunks. */
  chunk_cut: async (scene, argument) => {
    const { exchange } = scene;
    const { sent, unsent } = cutAnswer(scene, argument);
    const body = sent.map((piece) => chunk(piece.bytes)).join('');
    const half = chunk(unsent[0]?.bytes ?? 'lost').slice(0, -4);
    exchange.record.eventsWritten += scene.streams ? sent.length : 0;
    await exchange.writeRawHead(200, { ...scene.headers(), 'transfer-encoding': 'chunked' });
    if (await exchange.writeRaw(body + half)) await exchange.sever();
  },
  /** Neither length nor chunks: to HTTP the end is as good as any. */
  close_delimited_cut: async (scene, argument) => {
    const { sent } = cutAnswer(scene, argument);
    scene.exchange.record.eventsWritten += scene.streams ? sent.length : 0;
    await scene.exchange.writeRawHead(200, { ...scene.headers(), connection: 'close' });
    if (await scene.exchange.writeRaw(sent.map((piece) => piece.bytes).join(''))) await scene.exchange.sever();
  },
  /** Promises a longer body than it sends. */
  cl_short: async (scene, argument) => {
    const { sent, unsent } = cutAnswer(scene, argument);
    const length = Buffer.byteLength([...sent, ...unsent].map((piece) => piece.bytes).join(''));
    scene.exchange.record.eventsWritten += scene.streams ? sent.length : 0;
    await scene.exchange.writeRawHead(200, { ...scene.headers(), 'content-length': String(length) });
    if (await scene.exchange.writeRaw(sent.map((piece) => piece.bytes).join(''))) await scene.exchange.sever();
  },
  /** A clean end of HTTP's body without stop reason and terminator; `sse_no_terminator:last`: only the terminator is missing. */
  sse_no_terminator: async (scene, argument) => {
    const { terminator } = scene.voice.oddities;
    const pieces = [...scene.pieces()];
    const kept = scene.streams
      ? pieces.filter((piece) => (argument.text === 'last' ? piece.bytes !== terminator : piece.role !== 'closing'))
      : pieces.slice(0, -1);
    scene.exchange.head(200, scene.headers());
    if (await scene.send(kept)) scene.exchange.end();
  },
} satisfies Record<string, Fault>;

function cutAnswer(scene: Scene, argument: FaultArgument): ReturnType<typeof cutAfter> {
  return cutAfter([...scene.pieces()], argument.contentCount());
}

function sendCut(scene: Scene, argument: FaultArgument): Promise<boolean> {
  const { sent } = cutAnswer(scene, argument);
  scene.exchange.head(200, scene.headers());
  return scene.send(sent);
}

function chunk(bytes: string): string {
  return `${Buffer.byteLength(bytes).toString(16)}\r\n${bytes}\r\n`;
}
