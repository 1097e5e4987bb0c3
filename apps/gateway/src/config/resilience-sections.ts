import 'reflect-metadata';
import {
  IsBoolean,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import { Doc, Seconds, Section, Share, WholeNumber } from './checks.js';

/** A second attempt beside a slow one, for the first token alone. */
export class HedgingSection {
  @Doc(
    'True: a stream that is slower than its endpoint is at p95 is tried at the next endpoint beside it; the first to answer wins.',
  )
  @IsOptional()
  @IsBoolean()
  enabled = false;

  @Doc('Share of the requests that may be hedged.')
  @Share()
  max_share = 0.02;

  @Doc('Most that abandoned attempts may cost the operator per hour, in USD, as estimated.')
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1_000_000)
  max_usd_per_hour = 1;

  @Doc('No hedge while this process has more requests under way than this.')
  @WholeNumber(1, 1_000_000)
  max_in_flight = 200;

  @Doc('Waited at least this long before a hedge, in seconds, whatever the p95 is.')
  @Seconds()
  min_delay_s = 0.5;
}

export const PROBE_MODES = ['off', 'models', 'completion'] as const;

/** Requests of Switchyard's own to endpoints that nobody uses at the moment. They carry no caller's content. */
export class ProbesSection {
  @Doc(
    'off; models: GET the list of models, free of charge; completion: a completion of one token, charged to the operator.',
  )
  @IsOptional()
  @IsIn(PROBE_MODES)
  mode: (typeof PROBE_MODES)[number] = 'off';

  @Doc('An endpoint without traffic for this long is probed, and then this often.')
  @Seconds()
  interval_s = 60;
}

/** When an endpoint counts as out of order. */
export class HealthSection {
  @Doc('Failures in a row that eject an endpoint.')
  @WholeNumber(1, 1_000)
  eject_after_failures = 5;

  @Doc('Share of failures within 30 s that ejects an endpoint.')
  @Share()
  eject_at_share = 0.5;

  @Doc('Requests within 30 s before a share is judged.')
  @WholeNumber(1, 1_000_000)
  eject_min_requests = 20;

  @Doc('The first ejection; each further one takes this much longer.')
  @Seconds()
  ejection_s = 30;

  @Doc('The longest ejection.')
  @Seconds()
  max_ejection_s = 300;

  @Section(() => ProbesSection)
  probes = new ProbesSection();
}

/** What this gateway refuses before it would break. */
export class OverloadSection {
  @Doc('Most requests under way at once in one worker.')
  @WholeNumber(1, 1_000_000)
  max_in_flight = 2_000;

  @Doc('Delay of the event loop, p99 of the last seconds, above which requests are refused; in seconds.')
  @Seconds()
  max_loop_delay_s = 0.2;

  @Doc('Share of the heap limit above which requests are refused.')
  @Share()
  max_heap_share = 0.85;

  @Doc('Bodies larger than this, in MiB, are read a few at a time.')
  @IsOptional()
  @IsNumber()
  @IsPositive()
  @Max(256)
  big_body_mib = 4;

  @Doc('Big bodies read at once.')
  @WholeNumber(1, 1_000)
  big_bodies = 4;

  @Doc('Connections from one address on which no request has been let in yet.')
  @WholeNumber(1, 1_000_000)
  max_strangers_per_address = 256;
}

/** `Idempotency-Key` of paid requests. */
export class IdempotencySection {
  @Doc('How long an answer is kept for the repetition of its request.')
  @Seconds()
  keep_s = 86_400;

  @Doc('Answers larger than this, in MiB, are not kept; their repetition is refused.')
  @IsOptional()
  @IsNumber()
  @IsPositive()
  @Max(64)
  max_answer_mib = 1;
}

/** A request that must have somewhere to go in every configuration. Nothing is sent. */
export class GoldenRequestSection {
  @Doc('Shown when it fails.')
  @IsString()
  @Length(1, 200)
  name!: string;

  @Doc('Id of the key that asks.')
  @IsString()
  @Length(1, 200)
  key!: string;

  @IsOptional()
  @IsIn(['messages', 'chat'])
  protocol: 'messages' | 'chat' = 'chat';

  @Doc('The body of the request, hints included.')
  @IsObject()
  body!: Record<string, unknown>;

  @Doc('Tag of the endpoint that must be among the attempts; absent: any will do.')
  @IsOptional()
  @IsString()
  @Length(1, 200)
  endpoint?: string;
}
