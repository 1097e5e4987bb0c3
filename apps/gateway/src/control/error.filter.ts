import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { ErrorCode } from '@switchyard/contract';
import type { Request, Response } from 'express';
import { sendError, sendErrorAndClose } from '../edge/send-error.js';
import { ProcessLog } from '../process/process-log.js';
import { idsOf } from './answer-ids.js';
import { clientDialect } from './client-dialect.js';

const PATH_SHOWN_MAX = 200;

/** Codes of what the framework itself refuses, by status. */
const FRAMEWORK_ERRORS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['invalid_request', 'The request could not be read.'],
  413: ['request_too_large', 'The request body is too large.'],
  415: ['unsupported_media_type', 'The content-type or content-encoding of the request is not supported.'],
};

/** Turns whatever was thrown into an error of the client's protocol. What is Switchyard's own fault is logged, not told. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: ProcessLog) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const ids = idsOf(response);
    const error = this.presentable(thrown, request, ids.requestId);
    const dialect = clientDialect(request);
    if (hasUnreadBody(request)) sendErrorAndClose(request, response, error, dialect, ids);
    else sendError(response, error, dialect, ids);
  }

  private presentable(thrown: unknown, request: Request, requestId: string): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    if (thrown instanceof HttpException) {
      const status = thrown.getStatus();
      if (status === 404) return unknownPath(request);
      const known = FRAMEWORK_ERRORS[status];
      if (known !== undefined) return new GatewayError(known[0], known[1]);
    }
    this.log.logger.error({ err: thrown, request_id: requestId }, 'fault outside of a request to a model');
    return new GatewayError('internal', 'Internal error. It has been logged under this request id.');
  }
}

function unknownPath(request: Request): GatewayError {
  return new GatewayError(
    'not_found',
    `Unknown request URL: ${request.method} ${request.path.slice(0, PATH_SHOWN_MAX)}`,
  );
}

/** A body that nobody read is still on its way, and the connection is of no use until it has arrived. */
function hasUnreadBody({ complete, headers }: Request): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}
