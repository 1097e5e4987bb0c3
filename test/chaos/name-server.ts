import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

const HEADER_BYTES = 12;
/** Class and type after the name in a question. */
const QUESTION_TAIL_BYTES = 4;
const TYPES: Readonly<Record<number, 4 | 6>> = { 1: 4, 28: 6 };
/** A response to a recursive question, without an error. */
const ANSWERED = 0x8180;
/** The name of the first question, instead of repeating it. */
const SAME_NAME = 0xc00c;

/** The addresses of a name when it is asked for the `count`-th time, from 1, in that family. */
export type Zone = (name: string, count: number) => readonly string[];

/** A name server on loopback that says what an experiment wants it to, and changes its mind. */
export class NameServer {
  private readonly asked = new Map<string, number>();

  private constructor(
    private readonly socket: Socket,
    private readonly zone: Zone,
  ) {
    socket.on('message', (question, { port, address }) => {
      socket.send(this.answer(question), port, address);
    });
  }

  static async start(zone: Zone): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, zone);
  }

  /** Questions for addresses, of all names. */
  get questions(): number {
    return [...this.asked.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A flag of Node that makes every resolver of a program ask this one. */
  get flag(): string {
    const { port } = this.socket.address();
    const program = `import { Resolver } from 'node:dns';
for (const method of ['resolve4', 'resolve6']) {
  const real = Resolver.prototype[method];
  Resolver.prototype[method] = function (...parts) {
    if (!this.isTold) this.setServers(['127.0.0.1:${port}']);
    this.isTold = true;
    return real.apply(this, parts);
  };
}`;
    return `--import=data:text/javascript,${encodeURIComponent(program)}`;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }

  private answer(question: Buffer): Buffer {
    const { name, end } = nameIn(question);
    const family = TYPES[question.readUInt16BE(end)];
    const count = (this.asked.get(`${name} ${String(family)}`) ?? 0) + 1;
    this.asked.set(`${name} ${String(family)}`, count);
    const addresses = this.zone(name, count).filter((address) => (isIPv6(address) ? 6 : 4) === family);
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeUInt16BE(question.readUInt16BE(0), 0);
    head.writeUInt16BE(ANSWERED, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const asked = question.subarray(HEADER_BYTES, end + QUESTION_TAIL_BYTES);
    return Buffer.concat([head, asked, ...addresses.map((address) => recordOf(address))]);
  }
}

function nameIn(question: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** Good for no time at all. */
function recordOf(address: string): Buffer {
  const bytes = isIPv6(address) ? bytesOfSix(address) : Buffer.from(address.split('.').map(Number));
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(SAME_NAME, 0);
  head.writeUInt16BE(isIPv6(address) ? 28 : 1, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}

/** Of an address that is written out in full or with one gap. */
function bytesOfSix(address: string): Buffer {
  const [left = '', right = ''] = address.split('::');
  const wordsOf = (text: string): number[] => (text === '' ? [] : text.split(':').map((word) => parseInt(word, 16)));
  const [before, after] = [wordsOf(left), wordsOf(right)];
  const words = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
