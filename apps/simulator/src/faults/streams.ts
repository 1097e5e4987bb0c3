import { setImmediate } from 'node:timers/promises';
import { content, structure, type Piece } from '../piece.js';
import type { Scene } from '../scene.js';
import { withText } from './answers.js';
import { cutAfter, type Fault } from './fault.js';

/** CR is never followed by LF alone, which would make one line end of two. */
const LINE_ENDS = ['\n', '\r', '\r\n'] as const;
const MANY_ALPHABETS = 'Zug 🚂 fährt über die Weiche – 列車が出発します, поезд ушёл, e\u0301tape 👩‍👩‍👧 fin.';

/** Event streams that stretch or break their grammar. A JSON body is played well unless the mode says otherwise. */
export const streamFaults = {
  /** Every byte by itself, in a text full of characters of several bytes. */
  split_utf8: async (scene) => {
    scene.exchange.head(200, scene.headers());
    for (const byte of Buffer.from(scene.text(withText(scene.answer(), MANY_ALPHABETS)))) {
      if (!(await scene.exchange.write(Buffer.of(byte)))) return;
      await setImmediate();
    }
    scene.exchange.end();
  },
  /** All three line ends and comments in one stream, CRLF torn apart. */
  crlf_mix: async (scene) => {
    if (!scene.streams) return scene.play();
    const text = [...scene.pieces()].map((piece) => `: comment\n${piece.bytes}`).join('');
    let line = 0;
    const mixed = text.replaceAll('\n', () => LINE_ENDS[line++ % LINE_ENDS.length] ?? '\n');
    scene.exchange.head(200, scene.headers());
    for (const slice of mixed.split(/(?<=\r)/)) {
      if (!(await scene.exchange.writeEvent(slice))) return;
      await setImmediate();
    }
    scene.exchange.end();
  },
  /** `bad_json[:n]`: broken JSON after n content pieces, then on as if nothing were. A JSON body breaks off in the middle. */
  bad_json: (scene, argument) => {
    if (!scene.streams) {
      const text = scene.text();
      scene.exchange.reply(200, scene.headers(), text.slice(0, text.length / 2));
      return;
    }
    const { sent, unsent } = cutAfter([...scene.pieces()], argument.contentCount());
    return stream(scene, [...sent, structure(scene.voice.oddities.malformed), ...unsent]);
  },
  /** Events and fields of a future protocol, to be passed over. */
  unknown_event: (scene) => {
    const unknown = scene.voice.oddities.unknown.map((bytes) => structure(bytes));
    if (!scene.streams) {
      const body = { ...scene.voice.json(scene.answer()), future_field: { a: [1, 2, 3] } };
      scene.exchange.reply(200, scene.headers(), JSON.stringify(body));
      return;
    }
    const { sent, unsent } = cutAfter([...scene.pieces()], 1);
    return stream(scene, [...sent, ...unknown, ...unsent]);
  },
  /** Content before the start, and content after the stop reason. */
  order_broken: (scene) => {
    if (!scene.streams) return scene.play();
    const stray = content(scene.voice.oddities.text('stray '));
    const pieces = [...scene.pieces()];
    return stream(scene, [stray, ...pieces.slice(0, -1), stray, ...pieces.slice(-1)]);
  },
  double_start: (scene) => {
    if (!scene.streams) return scene.play();
    const [start, ...rest] = [...scene.pieces()];
    const second = structure(scene.voice.oddities.secondStart(scene.answer()));
    return stream(scene, start === undefined ? [] : [start, second, ...rest]);
  },
  /** `error_event:n[:NNN]`: the error of that status after n content pieces. Without a stream: that status. */
  error_event: (scene, argument) => {
    const refusal = scene.dialect.refusalFor(argument.number(1, 529));
    if (!scene.streams) {
      scene.refuse(refusal);
      return;
    }
    const { sent } = cutAfter([...scene.pieces()], argument.contentCount());
    return stream(scene, [...sent, structure(scene.voice.oddities.error(refusal))]);
  },
} satisfies Record<string, Fault>;

async function stream(scene: Scene, pieces: readonly Piece[]): Promise<void> {
  scene.exchange.head(200, scene.headers());
  if (await scene.send(pieces)) scene.exchange.end();
}
