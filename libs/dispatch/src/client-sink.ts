/** The client's side of an answer, as dispatch sees it. Implemented by the edge over one HTTP response. */
export interface ClientSink {
  /** A whole answer or error. Nothing may follow. */
  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void;
  /** The header commit of a stream: status 200 and these headers beside the edge's own. */
  start(headers: Readonly<Record<string, string>>): void;
  /** False when the socket's buffer is full: stop until the drain listener is called. */
  write(text: string): boolean;
  /** The last text and the end of the stream in one. */
  end(text: string): void;
  onceDrained(listener: () => void): void;
  /** Drops the connection. */
  destroy(): void;
}
