import { Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Caller } from '@switchyard/identity';
import { faultLine } from '../config/config-error.js';
import type { ConfigFault } from '../config/config-error.js';
import { AdminGuard, Administrator } from './admin.guard.js';
import { OPS_PARTS } from './ops-parts.js';
import type { ConfigStatus, OpsParts } from './ops-parts.js';

interface ConfigAnswer {
  readonly data: JsonObject;
}

/** The configuration in force and the processes that serve by it. Nothing here shows a secret. */
@Controller('admin/v1')
@UseGuards(AdminGuard)
export class ConfigController {
  constructor(@Inject(OPS_PARTS) private readonly parts: OpsParts) {}

  @Get('config')
  show(): ConfigAnswer {
    return { data: statusJson(this.parts.configStatus()) };
  }

  @Post('config/reload')
  @HttpCode(200)
  reload(@Administrator() by: Caller): ConfigAnswer {
    this.parts.log.logger.info({ by: by.keyId }, 'reload of the configuration asked for');
    const faults = this.parts.reloadConfig();
    if (faults.length > 0) throw refusal(faults);
    return this.show();
  }

  /** They are replaced one after the other; the answer does not wait for it. */
  @Post('workers/restart')
  @HttpCode(202)
  restart(@Administrator() by: Caller): ConfigAnswer {
    this.parts.log.logger.info({ by: by.keyId }, 'new workers asked for');
    const workers = this.parts.restartWorkers();
    if (workers > 0) return { data: { workers } };
    throw new GatewayError('conflict', 'This gateway has no workers: everything runs in one process.');
  }
}

function refusal(faults: readonly ConfigFault[]): GatewayError {
  const lines = faults.map((fault) => faultLine(fault).trim());
  const message = `The configuration was refused, the one in force stays: ${lines.join('; ')}`;
  return new GatewayError('invalid_request', message, { metadata: { faults: faults.map(faultJson) } });
}

function statusJson({ version, hash, loadedAtMs, source, notices, lastRefused }: ConfigStatus): JsonObject {
  return {
    version,
    hash,
    loaded_at: new Date(loadedAtMs).toISOString(),
    source,
    notices: notices.map(({ path, message }) => ({ path, message })),
    last_refused:
      lastRefused === null
        ? null
        : {
            at: new Date(lastRefused.atMs).toISOString(),
            cause: lastRefused.cause,
            faults: lastRefused.faults.map(faultJson),
          },
  };
}

function faultJson({ path, line, value, expected }: ConfigFault): JsonObject {
  return { path, line, value, expected };
}
