import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import type { JsonObject } from '@switchyard/contract';
import { decodeBody } from '@switchyard/dialects';
import { TimerWheel } from '@switchyard/transport';
import type { Request } from 'express';
import { checkBodyHeaders, readBody } from '../edge/read-body.js';

const LIMITS = { maxBytes: 256 * 1024, timeoutMs: 10_000, big: null };
const DEPTH_MAX = 16;

/** Reads a body as a JSON object, after the guard let the request in. A request without a body has an empty one. */
@Injectable()
export class AdminBodyPipe implements PipeTransform<Request, Promise<JsonObject>> {
  constructor(private readonly wheel: TimerWheel) {}

  async transform(request: Request): Promise<JsonObject> {
    const { 'transfer-encoding': coding, 'content-length': length = '0' } = request.headers;
    if (coding === undefined && length === '0') return {};
    checkBodyHeaders(request, LIMITS);
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      readBody({ request, response: request.res, limits: LIMITS }, this.wheel, (error, read) => {
        if (error === null) resolve(read);
        else reject(error);
      });
    });
    return decodeBody(bytes, { maxDepth: DEPTH_MAX }).json;
  }
}
