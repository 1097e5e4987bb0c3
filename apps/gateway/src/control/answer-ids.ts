import { Injectable } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { newRequestIds, setCommonHeaders } from '../edge/request-ids.js';
import type { RequestIds } from '../edge/request-ids.js';

const ID_PREFIX = 'req_';

/** The ids of an answer. The front door has named the request already, unless there is none (as in a test). */
export function idsOf(response: Response): RequestIds {
  response.removeHeader('x-powered-by');
  const given = response.getHeader('request-id');
  if (typeof given === 'string') return { requestId: given, unique: given.slice(ID_PREFIX.length) };
  const ids = newRequestIds();
  setCommonHeaders(response, ids);
  return ids;
}

/** Gives every answer its ids and the common headers, also where no controller is reached. */
@Injectable()
export class AnswerIds implements NestMiddleware {
  use(_request: Request, response: Response, next: NextFunction): void {
    idsOf(response);
    next();
  }
}
