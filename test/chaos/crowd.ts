import type { JsonObject } from '@switchyard/contract';
import { COMPLETED, doubles } from './books.js';
import type { Row } from './books.js';
import { ask } from './client.js';
import type { Ask, Reply } from './client.js';
import { MODELS } from './deployment.js';
import type { Deployment } from './deployment.js';
import type { Sighting } from './sightings.js';
import type { Verdict } from './verdict.js';

export const CROWD_TENANT = 'crowd';
const SLOTS = 10_000;
const BUDGET_USD = 1_000;

/**
 * Clients that each have a key of their own, so that the ledger, which knows no content, can be compared with what the
 * upstream saw: a key and a round make a request.
 */
export function crowdConfig(size: number): JsonObject {
  const limits = { concurrency: SLOTS, budget_usd: { total: BUDGET_USD } };
  return {
    tenants: [{ id: CROWD_TENANT, limits }],
    keys: Array.from({ length: size }, (_, member) => ({
      id: memberId(member),
      tenant: CROWD_TENANT,
      key: memberSecret(member),
    })),
  };
}

export function memberId(member: number): string {
  return `member-${member}`;
}

/** The member whose request it is, from its tag. */
export function memberOf(tag: string): number {
  return Number(tag.split('-')[1]);
}

export function memberSecret(member: number): string {
  return `sk-crowd-${member}-0123456789`;
}

/** One request of every member, under way at the same time. */
export class Round {
  /** Members whose answer has begun. */
  answered = 0;
  readonly replies: Promise<readonly Reply[]>;

  constructor(
    readonly number: number,
    size: number,
    deployment: Deployment,
    /** What every request asks for. */
    what: Partial<Ask> = { model: MODELS.slow, stream: true, words: 60 },
  ) {
    this.replies = Promise.all(
      Array.from({ length: size }, (_, member) => {
        let hasBegun = false;
        const { url } = deployment.gatewayAt(member);
        const request = { url, secret: memberSecret(member), tag: `${number}-${member}`, model: MODELS.slow, ...what };
        return ask(request, () => {
          if (!hasBegun) this.answered += 1;
          hasBegun = true;
        });
      }),
    );
  }
}

/** What is known of one round from outside of the gateways. */
export interface RoundEvidence {
  readonly number: number;
  readonly replies: readonly Reply[];
  readonly sightings: readonly Sighting[];
  /** The ledger, of all rounds. */
  readonly rows: readonly Row[];
  /** Unix milliseconds between which the round's requests were admitted. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface RoundFindings {
  /** Requests that reached the upstream or got an answer, and have no record. */
  readonly lost: readonly string[];
  /** Records of requests that have another one. */
  readonly double: readonly string[];
  readonly records: number;
  readonly completed: number;
}

/** Compares what clients and upstream saw with what is in the ledger. */
export function examine({ number, replies, sightings, rows, startMs, endMs }: RoundEvidence): RoundFindings {
  const ofRound = rows.filter(({ createdAtMs }) => createdAtMs >= startMs && createdAtMs <= endMs);
  const recordsOf = Map.groupBy(ofRound, ({ keyId }) => keyId);
  const ids = new Set(ofRound.map(({ id }) => id));
  const reached = new Set(sightings.map(({ tag }) => tag));
  const lost: string[] = [];
  const double = [...doubles(rows)];
  for (const [member, reply] of replies.entries()) {
    const records = recordsOf.get(memberId(member)) ?? [];
    const isOwed = reached.has(`${number}-${member}`) || (reply.status === 200 && reply.id !== null);
    if (isOwed && records.length === 0) lost.push(reply.tag);
    if (reply.status === 200 && reply.id !== null && !ids.has(reply.id)) lost.push(`${reply.tag} as ${reply.id}`);
    if (records.length > 1) double.push(reply.tag);
    const isPromised = reply.isWhole && records[0]?.status !== COMPLETED;
    if (isPromised) lost.push(`${reply.tag}, which was completed`);
  }
  return {
    lost,
    double,
    records: ofRound.length,
    completed: ofRound.filter(({ status }) => status === COMPLETED).length,
  };
}

/** No client was told another cost than its record says. */
export function expectToldCosts(verdict: Verdict, replies: readonly Reply[], rows: readonly Row[]): void {
  const costs = new Map(rows.map(({ id, costNanoUsd }) => [id, costNanoUsd]));
  const told = replies.filter(({ costNanoUsd, isWhole }) => costNanoUsd !== null && isWhole);
  const wrong = told.filter(({ id, costNanoUsd }) => costs.get(id ?? '') !== costNanoUsd);
  verdict.figure('costs_told', told.length);
  verdict.same('costs_told_wrongly', wrong.length, 0);
  if (wrong.length > 0) {
    const booked = ({ id, costNanoUsd }: Reply): unknown => ({ id, told: costNanoUsd, booked: costs.get(id ?? '') });
    verdict.figure('told_wrongly', wrong.slice(0, 3).map(booked));
  }
}
