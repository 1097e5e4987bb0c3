import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { TimerWheel } from '@switchyard/transport';
import { Gate } from '../edge/gate.js';
import { checkBodyHeaders, readBody } from '../edge/read-body.js';
import type { AdmittedRequest } from './admission.js';
import { RuntimeState } from './runtime-state.js';

/**
 * Reads a request's body under the bounds of the hot routes, and only after the guard let the request in. The
 * application must therefore be created without the framework's own body parser.
 */
@Injectable()
export class BodyBytesPipe implements PipeTransform<AdmittedRequest, Promise<Buffer>> {
  constructor(
    private readonly state: RuntimeState,
    private readonly wheel: TimerWheel,
    private readonly gate: Gate,
  ) {}

  transform(request: AdmittedRequest): Promise<Buffer> {
    if (request.readableEnded)
      throw new Error('The body was read before the guard: create the application with bodyParser: false');
    const { server, timeouts } = (request.admission?.loaded ?? this.state.current).config;
    const limits = { maxBytes: server.maxBodyBytes, timeoutMs: timeouts.clientBodyMs, big: this.gate.overload };
    checkBodyHeaders(request, limits);
    return new Promise((resolve, reject) => {
      readBody({ request, response: request.res, limits }, this.wheel, (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
  }
}
