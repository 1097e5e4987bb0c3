import { All, Controller, Req, Res } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Request, Response } from 'express';

const READ_ROUTES = ['v1/models{/*rest}', 'v1/providers', 'v1/generation', 'v1/key', 'healthz', 'readyz'];
const WRITE_ROUTES = ['v1/routing/explain'];

/** Known paths with a method they do not take. Must be registered after every other controller. */
@Controller()
export class WrongMethodController {
  @All(READ_ROUTES)
  readOnly(@Req() request: Request, @Res({ passthrough: true }) response: Response): never {
    return refuse(request, response, 'GET, HEAD');
  }

  @All(WRITE_ROUTES)
  writeOnly(@Req() request: Request, @Res({ passthrough: true }) response: Response): never {
    return refuse(request, response, 'POST');
  }
}

/** A path below a known one may exist for no method at all: the 404 comes from the GET route, so GET never gets here for it. */
function refuse(request: Request, response: Response, allowed: string): never {
  if (request.method === 'GET' && allowed.startsWith('GET')) {
    throw new GatewayError('not_found', `Unknown request URL: GET ${request.path.slice(0, 200)}`);
  }
  response.setHeader('allow', allowed);
  throw new GatewayError('method_not_allowed', `${request.method} is not allowed here. Allowed: ${allowed}.`);
}
