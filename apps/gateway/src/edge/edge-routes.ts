import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Protocol } from '@switchyard/contract';
import { dialectOf } from '@switchyard/dialects';
import { PROTOCOL_DIALECT } from '@switchyard/contract';
import type { EdgeRoute } from './edge-adapter.js';
import { InferenceHandler } from './inference.handler.js';
import { sendErrorAndClose } from './send-error.js';

const PROTOCOL_OF_PATH: ReadonlyMap<string, Protocol> = new Map([
  ['/v1/messages', 'messages'],
  ['/v1/chat/completions', 'chat'],
]);

/** The hot routes, by exact path; the query is ignored (`?beta=true` of Anthropic's clients). */
@Injectable()
export class EdgeRoutes {
  private readonly routes = new Map<string, EdgeRoute>();

  constructor(inference: InferenceHandler) {
    for (const [path, protocol] of PROTOCOL_OF_PATH) {
      this.routes.set(path, (request, response, ids) => {
        inference.handle(protocol, request, response, ids);
      });
    }
  }

  find(method: string, path: string): EdgeRoute | null {
    const route = this.routes.get(path);
    if (route === undefined) return null;
    return method === 'POST' ? route : methodNotAllowed(path, method);
  }
}

function methodNotAllowed(path: string, method: string): EdgeRoute {
  const dialect = dialectOf(PROTOCOL_DIALECT[PROTOCOL_OF_PATH.get(path) ?? 'chat']);
  return (request, response, ids) => {
    response.setHeader('allow', 'POST');
    const error = new GatewayError('method_not_allowed', `${path} takes POST, not ${method.slice(0, 20)}.`);
    sendErrorAndClose(request, response, error, dialect, ids);
  };
}
