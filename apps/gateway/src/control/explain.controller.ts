import { Controller, Headers, HttpCode, Inject, Post, Query, Res, UseGuards } from '@nestjs/common';
import { PROTOCOL_DIALECT } from '@switchyard/contract';
import type { JsonObject, Protocol } from '@switchyard/contract';
import { decodeRequest, dialectOf } from '@switchyard/dialects';
import { explainPlan } from '@switchyard/routing';
import { IsIn } from 'class-validator';
import type { Response } from 'express';
import { planErrorOf } from '../stops/planner.js';
import { checkBody, checkImages } from '../edge/body-guard.js';
import { Admitted, RequestBody, RequirePermission } from './admission.js';
import type { Admission } from './admission.js';
import { idsOf } from './answer-ids.js';
import { BodyBytesPipe } from './body-bytes.pipe.js';
import { KeyGuard } from './key.guard.js';
import { PLANNING_SERVICE } from './planning.js';
import type { PlanningService } from './planning.js';
import { QueryPipe } from './query.pipe.js';

const PROTOCOLS = Object.keys(PROTOCOL_DIALECT);

export class ExplainQuery {
  /** Which protocol the body is written in: nothing in a body says so for certain. */
  @IsIn(PROTOCOLS, { message: `one of ${PROTOCOLS.join(', ')}` })
  protocol!: Protocol;
}

/** Why a request would be routed as it would: the plan, without the request. */
@Controller('v1/routing')
@UseGuards(KeyGuard)
export class ExplainController {
  constructor(@Inject(PLANNING_SERVICE) private readonly planning: PlanningService) {}

  @Post('explain')
  @HttpCode(200)
  @RequirePermission('explain')
  explain(
    @Admitted() { caller, loaded }: Admission,
    @Query(new QueryPipe(ExplainQuery)) { protocol }: ExplainQuery,
    @RequestBody(BodyBytesPipe) bytes: Buffer,
    @Headers('x-session-id') sessionId: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): JsonObject {
    const dialect = dialectOf(PROTOCOL_DIALECT[protocol]);
    const body = decodeRequest(dialect, bytes, { maxDepth: loaded.config.server.maxBodyDepth });
    checkBody(body);
    const { plan, policy } = this.planning.planFor({
      caller,
      protocol,
      body: body.json,
      sessionIdHeader: sessionId ?? null,
    });
    checkImages(plan.facts, loaded.config.server.maxImages);
    const { requestId, unique } = idsOf(response);
    const error = planErrorOf(plan);
    return {
      ...explainPlan(plan, policy, `plan_${unique}`),
      error: error === null ? null : dialect.writeError(error, requestId),
    };
  }
}
