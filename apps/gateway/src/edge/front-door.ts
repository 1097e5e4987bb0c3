import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError, PROTOCOL_DIALECT } from '@switchyard/contract';
import { dialectOf } from '@switchyard/dialects';
import type { Dialect } from '@switchyard/dialects';
import { errorOfFault, refuseConnection } from './broken-connection.js';
import { headFault } from './request-head.js';
import { newRequestIds } from './request-ids.js';
import type { RequestIds } from './request-ids.js';
import { sendErrorAndClose } from './send-error.js';
import type { Strangers } from './strangers.js';

/** Requests that may wait on a connection for the one before them. */
const WAITING_MAX = 100;
const MESSAGES_PATH = /^\/v1\/messages(?:[/?]|$)/;

type Exchange = readonly [IncomingMessage, ServerResponse];

/** One client connection. */
interface Line {
  /** The answer that was begun last. */
  current: ServerResponse | null;
  readonly waiting: Exchange[];
  isRefused: boolean;
}

/**
 * What every request passes before it has a route, on all paths alike: its head is judged, and requests that came on one
 * connection in one go are served one after the other. What is not HTTP, or too slow, is answered and its connection closed.
 */
export class FrontDoor {
  private readonly lines = new WeakMap<Socket, Line>();

  /** `serve` is given requests whose head is sound. */
  constructor(
    private readonly strangers: Strangers,
    private readonly serve: (request: IncomingMessage, response: ServerResponse, ids: RequestIds) => void,
  ) {}

  /** Takes everything that a server has to say of its connections. */
  guard(server: Server): void {
    const enter = (request: IncomingMessage, response: ServerResponse): void => {
      this.enter(request, response);
    };
    server.on('connection', (socket: Socket) => {
      if (!this.strangers.arrived(socket)) socket.destroy();
    });
    server.on('request', enter);
    // The client is told to go on when its body is wanted, and not before.
    server.on('checkContinue', enter);
    server.on('checkExpectation', enter);
    server.on('connect', (_request: IncomingMessage, socket: Socket) => {
      this.refuse(new GatewayError('method_not_allowed', 'CONNECT is not supported.'), socket);
    });
    server.on('clientError', (fault: Error & { readonly code?: string }, socket: Socket) => {
      this.broken(fault.code, socket);
    });
  }

  private enter(request: IncomingMessage, response: ServerResponse): void {
    const line = this.lineOf(request.socket);
    if (line.waiting.length === 0 && !isBusy(line)) {
      this.begin(line, request, response);
      return;
    }
    if (line.waiting.length >= WAITING_MAX) {
      request.socket.destroy();
      return;
    }
    line.waiting.push([request, response]);
    if (line.waiting.length === 1) line.current?.once('close', () => this.next(line));
  }

  private next(line: Line): void {
    const exchange = line.waiting.shift();
    if (exchange === undefined) return;
    const [request, response] = exchange;
    if (line.waiting.length > 0) response.once('close', () => this.next(line));
    this.begin(line, request, response);
  }

  private begin(line: Line, request: IncomingMessage, response: ServerResponse): void {
    // The answer before it was the last of its connection.
    if (!request.socket.writable) return;
    line.current = response;
    const ids = newRequestIds();
    const fault = headFault(request);
    if (fault === null) this.serve(request, response, ids);
    else sendErrorAndClose(request, response, fault, dialectOfHead(request), ids);
  }

  private broken(code: string | undefined, socket: Socket): void {
    const line = this.lineOf(socket);
    if (line.isRefused) return;
    // What a client sends after its last request is nobody's, and takes nothing from the answer.
    if (code === 'HPE_CLOSED_CONNECTION' && isBusy(line)) return;
    if (code === 'ECONNRESET') socket.destroy();
    else this.refuse(errorOfFault(code), socket);
  }

  private refuse(error: GatewayError, socket: Socket): void {
    const line = this.lineOf(socket);
    line.isRefused = true;
    const { current } = line;
    // Words of ours would stand in the middle of an answer that another request is given.
    if (current !== null && isBusy(line) && (current.headersSent || current.req.complete)) socket.destroy();
    else refuseConnection(error, socket);
  }

  private lineOf(socket: Socket): Line {
    let line = this.lines.get(socket);
    if (line === undefined) {
      line = { current: null, waiting: [], isRefused: false };
      this.lines.set(socket, line);
    }
    return line;
  }
}

function isBusy({ current }: Line): boolean {
  return current !== null && !current.writableFinished && !current.destroyed;
}

/** The protocol in which a client expects an error, as far as its head tells. */
function dialectOfHead({ url = '', headers }: IncomingMessage): Dialect {
  const isMessages = MESSAGES_PATH.test(url) || headers['anthropic-version'] !== undefined;
  return dialectOf(PROTOCOL_DIALECT[isMessages ? 'messages' : 'chat']);
}
