import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ResponseReader } from './response-reader.ts';

/** One keep-alive connection of the load generator: sends the same bytes again and again, one request at a time. */
export class Connection {
  readonly reader = new ResponseReader();
  private readonly port: number;
  private readonly request: Buffer;
  private readonly onAnswer: (connection: Connection, ok: boolean) => void;
  private socket: Socket | null = null;
  private waiting = false;

  /** `onAnswer` is told about each complete answer, and about a connection that broke while one was awaited. */
  constructor(port: number, request: Buffer, onAnswer: (connection: Connection, ok: boolean) => void) {
    this.port = port;
    this.request = request;
    this.onAnswer = onAnswer;
  }

  send(): void {
    this.waiting = true;
    this.socket ??= this.open();
    this.socket.write(this.request);
  }

  close(): void {
    this.waiting = false;
    this.socket?.destroy();
    this.socket = null;
  }

  private open(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (data) => {
      if (!this.reader.push(data as Buffer)) return;
      this.waiting = false;
      this.onAnswer(this, this.reader.status === 200);
    });
    socket.on('error', () => {
      // `close` follows and says the rest.
    });
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (!this.waiting) return;
      this.waiting = false;
      this.onAnswer(this, false);
    });
    return socket;
  }
}
