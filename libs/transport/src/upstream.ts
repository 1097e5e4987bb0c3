import type { UpstreamError } from '@switchyard/contract';
import type { AddressGuard } from './address-guard.js';

/** One request to one upstream. Header names in lower case; hop-by-hop headers and `content-length` are the transport's own. */
export interface UpstreamRequest {
  /** Scheme, host and port (`https://api.example.com`), without a path. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /** For name look-up, TCP and TLS together, and for a connection to come free when the pool is full. */
  readonly connectTimeoutMs: number;
  /** From the connection being there to the final status line and headers. */
  readonly headersTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Requests of different keys never share a connection: the class of credential they carry. */
  readonly poolKey?: string;
  /** Judges every address that is connected to; `null` = the origin is the operator's own word. */
  readonly guard: AddressGuard | null;
  /** A stranger's account: its connections are not kept ready, and make room first. */
  readonly isPassing?: boolean;
}

export type UpstreamHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Receives the answer. `onHeaders` at most once, with any final status (a redirect is reported, never followed); then `onData` for
 * each piece of the body; last exactly one of `onEnd` and `onError`. Nothing is called before `send` has returned, nor after `abort`.
 */
export interface UpstreamHandler {
  /** Names in lower case; a repeated header is one value joined by `, `. Describes the body as `onData` gives it: decoded. */
  onHeaders(status: number, headers: UpstreamHeaders): void;
  /** The chunk may be kept: it is never written over. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: UpstreamError): void;
}

/** A request under way. */
export interface UpstreamCall {
  /** Closes the connection at once; the handler hears nothing more. Does nothing once the answer is complete. */
  abort(): void;
  /** Stops reading; the upstream is slowed by TCP. At most what was read already still arrives. */
  pause(): void;
  resume(): void;
  /** The whole request was handed to the connection: the upstream may have worked, and charge, for it. */
  readonly bodySent: boolean;
}
