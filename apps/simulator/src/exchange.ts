import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MutableRecord, Recorder } from './recorder.js';

/** One request being answered: writes with back-pressure, knows when the client is gone, and can break the rules of HTTP. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly record: MutableRecord;
  readonly #response: ServerResponse;
  readonly #recorder: Recorder;
  readonly #gone: Promise<void>;
  #closed = false;
  /** The simulator broke the connection itself, so the client did not abort. */
  #broken = false;

  constructor(request: IncomingMessage, response: ServerResponse, record: MutableRecord, recorder: Recorder) {
    this.request = request;
    this.record = record;
    this.#response = response;
    this.#recorder = recorder;
    this.#gone = new Promise((resolve) => {
      response.once('close', () => {
        this.#closed = true;
        this.#settle();
        resolve();
      });
    });
    // A write to a connection that the client has reset fails late; `close` follows and says all there is to say.
    response.on('error', () => undefined);
  }

  get closed(): boolean {
    return this.#closed;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    this.record.status = status;
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
    this.#recorder.changed(this.record);
  }

  /** Sends head and body in one go. */
  reply(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): void {
    const bytes = Buffer.from(body);
    this.record.status = status;
    this.record.bytesWritten += bytes.length;
    this.#response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
    this.#response.end(bytes);
  }

  /** Writes and waits until the reader has room for more. False once the client is gone. */
  async write(chunk: string | Buffer): Promise<boolean> {
    if (this.#closed) return false;
    this.record.bytesWritten += Buffer.byteLength(chunk);
    if (this.#response.write(chunk)) return true;
    await Promise.race([new Promise((resolve) => this.#response.once('drain', resolve)), this.#gone]);
    return this.isOpen();
  }

  /** Writes one event of a stream. False once the client is gone. */
  async writeEvent(chunk: string): Promise<boolean> {
    if (this.#closed) return false;
    this.record.eventsWritten += 1;
    const going = await this.write(chunk);
    this.#recorder.changed(this.record);
    return going;
  }

  end(): void {
    this.#response.end();
  }

  /** Bytes past the framing of HTTP. The exchange must be ended with `sever` or `reset`. */
  async writeRaw(chunk: string | Buffer): Promise<boolean> {
    const socket = this.#response.socket;
    if (this.#closed || socket === null) return false;
    this.record.bytesWritten += Buffer.byteLength(chunk);
    if (socket.write(chunk)) return true;
    await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), this.#gone]);
    return this.isOpen();
  }

  /** A head that HTTP's own checks would not let pass. The exchange must be ended with `sever` or `reset`. */
  writeRawHead(status: number, headers: Readonly<Record<string, string>>): Promise<boolean> {
    this.record.status = status;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.writeRaw(`HTTP/1.1 ${status} OK\r\n${lines.join('')}\r\n`);
  }

  /** Bytes that follow a well-ended answer on the same connection. */
  afterEnd(chunk: string): void {
    const socket = this.#response.socket;
    this.#response.once('finish', () => socket?.write(chunk));
  }

  /** Waits. False once the client is gone, which ends the wait at once. */
  async sleep(ms: number): Promise<boolean> {
    if (this.#closed) return false;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, ms))), this.#gone]);
    clearTimeout(timer);
    return this.isOpen();
  }

  /** Says nothing more until the client goes. */
  hang(): Promise<void> {
    return this.#gone;
  }

  /** Closes the connection in the middle of the answer, as a process that died does (FIN). */
  async sever(): Promise<void> {
    this.#broken = true;
    this.#response.socket?.end();
    await this.sleep(50);
    this.#response.socket?.destroy();
  }

  /** Resets the connection (RST), after what was written has had time to arrive. */
  async reset(): Promise<void> {
    this.#broken = true;
    await this.sleep(20);
    this.#response.socket?.resetAndDestroy();
  }

  isOpen(): boolean {
    return !this.#closed;
  }

  #settle(): void {
    const now = performance.timeOrigin + performance.now();
    if (this.#broken || this.#response.writableFinished) {
      this.record.finishedMs = now;
    } else {
      this.record.aborted = true;
      this.record.abortedMs = now;
    }
    this.#recorder.changed(this.record);
  }
}
