import { setImmediate } from 'node:timers/promises';
import type { Scene } from '../scene.js';
import { withText } from './answers.js';
import { cutAfter, type Fault } from './fault.js';

const CHARACTERS_PER_MEGABYTE = 1024 * 1024;
const FILLER = 'on and on and on it goes '.repeat(40);

/** Answers that are too slow, too long or without end. */
export const endlessFaults = {
  /** `trickle[:ms]`: a byte every `ms` milliseconds. */
  trickle: async (scene, argument) => {
    scene.exchange.head(200, scene.headers());
    for (const byte of Buffer.from(scene.text())) {
      if (!(await scene.exchange.write(Buffer.of(byte)))) return;
      if (!(await scene.exchange.sleep(argument.number(0, 100)))) return;
    }
    scene.exchange.end();
  },
  /** `pings_forever[:ms]`; in a JSON body: white space. */
  pings_forever: async (scene, argument) => {
    await open(scene);
    const ping = scene.streams ? scene.voice.oddities.ping : ' ';
    while (await scene.exchange.writeEvent(ping)) await scene.exchange.sleep(argument.number(0, 20));
  },
  /** `infinite[:ms]`: content for ever, a piece every `ms` milliseconds or as fast as it is read. */
  infinite: async (scene, argument) => {
    await open(scene);
    const content = scene.streams ? scene.voice.oddities.text(FILLER) : FILLER;
    const waitMs = argument.number(0, 0);
    if (!scene.streams) await scene.exchange.write('{"content":"');
    while (await scene.exchange.writeEvent(content)) {
      if (waitMs > 0) await scene.exchange.sleep(waitMs);
      else await setImmediate();
    }
  },
  /** `huge_event[:megabytes]`: one event (or the one text of a JSON body) of that size in a good answer. */
  huge_event: async (scene, argument) => {
    const text = 'x'.repeat(argument.number(0, 2) * CHARACTERS_PER_MEGABYTE);
    await scene.play({ ...withText(scene.answer(), text), pieceCharacters: text.length });
  },
  /** `no_newline[:megabytes]`: a line (or a JSON text) that does not end, and then the body does. */
  no_newline: async (scene, argument) => {
    await open(scene);
    await scene.exchange.write(scene.streams ? 'data: "' : '{"content":"');
    const slice = 'x'.repeat(CHARACTERS_PER_MEGABYTE / 16);
    for (let left = argument.number(0, 2) * 16; left > 0; left -= 1) {
      if (!(await scene.exchange.write(slice))) return;
    }
    scene.exchange.end();
  },
} satisfies Record<string, Fault>;

/** The head and, of a stream, what comes before any content. */
async function open(scene: Scene): Promise<void> {
  scene.exchange.head(200, scene.headers());
  if (scene.streams) await scene.send(cutAfter([...scene.pieces()], 0).sent);
}
