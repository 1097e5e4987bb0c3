/**
 * Reads HTTP/1.1 responses off a keep-alive connection with one request in flight, as cheaply as that can be done: the
 * head is looked at for the status and the body's framing, the body is skipped, and events are counted by their empty line.
 */
export class ResponseReader {
  /** Status of the response being read or read last. */
  status = 0;
  /** Events seen so far, over all responses. */
  events = 0;
  /** Body bytes seen so far, over all responses, without framing. */
  bodyBytes = 0;

  private state: 'head' | 'fixed-body' | 'chunk-size' | 'chunk-body' | 'chunk-end' | 'trailer' = 'head';
  private remaining = 0;
  private carried: Buffer | null = null;
  private previousIsNewline = false;

  /** Takes what arrived. Returns true when the response is complete, which it is at the end of `data`. */
  push(data: Buffer): boolean {
    const buffer = this.carried === null ? data : Buffer.concat([this.carried, data]);
    this.carried = null;
    let at = 0;
    for (;;) {
      const next = this.step(buffer, at);
      if (next === null) {
        if (at < buffer.length) this.carried = buffer.subarray(at);
        return false;
      }
      at = next;
      if (this.state === 'head') return true;
    }
  }

  /** One step from `at`; the new position, or null when more bytes are needed. */
  private step(buffer: Buffer, at: number): number | null {
    switch (this.state) {
      case 'head':
        return this.readHead(buffer, at);
      case 'chunk-size':
        return this.readChunkSize(buffer, at);
      case 'fixed-body':
      case 'chunk-body':
        return this.skipBody(buffer, at);
      case 'chunk-end':
        return this.readLineEnd(buffer, at, 'chunk-size');
      case 'trailer':
        return this.readLineEnd(buffer, at, 'head');
    }
  }

  private readHead(buffer: Buffer, at: number): number | null {
    const end = buffer.indexOf('\r\n\r\n', at);
    if (end < 0) return null;
    const head = buffer.toString('latin1', at, end);
    this.status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.remaining = length === undefined ? 0 : Number(length);
    this.state = length === undefined ? 'chunk-size' : this.remaining === 0 ? 'head' : 'fixed-body';
    return end + 4;
  }

  private readChunkSize(buffer: Buffer, at: number): number | null {
    const end = buffer.indexOf('\r\n', at);
    if (end < 0) return null;
    this.remaining = Number.parseInt(buffer.toString('latin1', at, end), 16);
    this.state = this.remaining === 0 ? 'trailer' : 'chunk-body';
    return end + 2;
  }

  private skipBody(buffer: Buffer, at: number): number | null {
    const end = Math.min(at + this.remaining, buffer.length);
    if (end === at) return null;
    this.countEvents(buffer, at, end);
    this.bodyBytes += end - at;
    this.remaining -= end - at;
    if (this.remaining === 0) this.state = this.state === 'chunk-body' ? 'chunk-end' : 'head';
    return end;
  }

  private readLineEnd(buffer: Buffer, at: number, next: 'chunk-size' | 'head'): number | null {
    if (buffer.length - at < 2) return null;
    this.state = next;
    return at + 2;
  }

  private countEvents(buffer: Buffer, from: number, to: number): void {
    if (this.previousIsNewline && buffer[from] === 0x0a) this.events++;
    for (let at = buffer.indexOf('\n\n', from); at >= 0 && at + 2 <= to; at = buffer.indexOf('\n\n', at + 2))
      this.events++;
    this.previousIsNewline = buffer[to - 1] === 0x0a && !(to - from >= 2 && buffer[to - 2] === 0x0a);
  }
}
