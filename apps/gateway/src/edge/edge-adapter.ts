import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FrontDoor } from './front-door.js';
import { setCommonHeaders } from './request-ids.js';
import type { RequestIds } from './request-ids.js';
import type { Strangers } from './strangers.js';

/** A hot route: gets the raw request before Express would, and writes the common headers itself. */
export type EdgeRoute = (request: IncomingMessage, response: ServerResponse, ids: RequestIds) => void;

/** Answers the route of a method and a path (without query), or `null` when it is not the edge's. */
export type EdgeTable = (method: string, path: string) => EdgeRoute | null;

/**
 * Express with a front door. Hot routes are claimed before Express sees the request, because the framework's own cost per
 * request is several times that of the whole gateway; everything else falls through to ordinary Nest controllers.
 */
export class EdgeAdapter extends ExpressAdapter {
  private table: EdgeTable = () => null;

  constructor(
    private readonly serverOptions: ServerOptions,
    private readonly strangers: Strangers,
    /** True = connections end with their answers. */
    private readonly closesConnections: () => boolean = () => false,
  ) {
    super();
  }

  /** Sets the hot routes. Until then every request goes to Express. */
  claim(table: EdgeTable): void {
    this.table = table;
  }

  override initHttpServer(): void {
    const express = this.getInstance<RequestListener>();
    const server = createServer(this.serverOptions);
    new FrontDoor(this.strangers, (request, response, ids) => {
      if (this.closesConnections()) response.setHeader('connection', 'close');
      const route = this.table(request.method ?? '', pathOf(request.url ?? '/'));
      if (route !== null) {
        route(request, response, ids);
        return;
      }
      setCommonHeaders(response, ids);
      express(request, response);
    }).guard(server);
    this.httpServer = server;
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
