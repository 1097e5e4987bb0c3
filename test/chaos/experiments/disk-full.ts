import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Books, doubles } from '../books.js';
import type { Reply } from '../client.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';

const MEMBERS = 20;
const DISK_MIB = 64;
const MIN_FREE_MIB = 16;
const MIB = 1024 * 1024;
const HEALED_MAX_MS = 10_000;
/** Answers that a client of a gateway without room for its journal may get. */
const EXPECTED = [200, 503];

/** The disk of the journal fills up in traffic: new requests are refused before a record could be lost, and taken again once there is room. */
export async function diskFull({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('the disk of the journal is full');
  const disks: string[] = [];
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: true },
    config: { ...crowdConfig(MEMBERS), journal: { min_free_mib: MIN_FREE_MIB } },
    prepare: (dataDir) => {
      mkdirSync(dataDir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', dataDir]);
      disks.push(dataDir);
    },
  });
  const books = Books.of(deployment);
  try {
    const { url, dataDir } = deployment.gateway;
    const traffic = new SteadyTraffic(isQuick ? 50 : 200, (number) => {
      const who = { url, secret: memberSecret(number % MEMBERS), tag: `disk-${number}` };
      // Some run until long after the disk is full.
      if (number % 10 === 0) return { ...who, model: MODELS.slow, stream: true, words: 60 };
      return { ...who, model: MODELS.quick };
    });
    await pause(isQuick ? 2_000 : 10_000);
    const ballast = new Ballast(dataDir);
    ballast.leave(MIN_FREE_MIB - 4);
    const refusedMs = await until('requests are refused', () => hasRefused(traffic.replies));
    ballast.leave(0);
    const fullMs = Date.now();
    await pause(isQuick ? 4_000 : 20_000);
    ballast.remove();
    const roomMs = Date.now();
    const isTaken = ({ status, startedMs }: Reply): boolean => status === 200 && startedMs > roomMs;
    const healedMs = await until('requests are taken again', () => traffic.replies.some(isTaken));
    await pause(isQuick ? 2_000 : 10_000);
    const replies = await traffic.stop();
    verdict.figure('refused_after_ms', rounded(refusedMs));
    verdict.figure('taken_again_after_ms', rounded(healedMs));
    verdict.expect('requests were not taken again within 10 s', healedMs <= HEALED_MAX_MS);
    const begunFull = replies.filter(({ startedMs }) => startedMs > fullMs && startedMs < roomMs);
    verdict.same('taken_while_full', begunFull.filter(({ status }) => status === 200).length, 0);
    await judge(verdict, replies, books);
  } finally {
    await books.close();
    await deployment.gateway.kill();
    for (const disk of disks) execFileSync('umount', ['-l', disk]);
    await deployment.remove();
  }
  return [verdict];
}

function hasRefused(replies: readonly Reply[]): boolean {
  return replies.some(({ status }) => status === 503);
}

async function judge(verdict: Verdict, replies: readonly Reply[], books: Books): Promise<void> {
  const answered = replies.filter(({ status }) => status === 200);
  await until('the ledger has everything', async () => (await books.count()) >= answered.length).catch(() => undefined);
  const rows = await books.rows();
  const ids = new Set(rows.map(({ id }) => id));
  verdict.figure('requests', replies.length);
  verdict.figure('other_answers', otherAnswers(replies));
  verdict.figure('streams_cut', answered.filter(({ isWhole }) => !isWhole).length);
  verdict.expect(
    'some answer is neither of the two',
    replies.every(({ status }) => EXPECTED.includes(status ?? 0)),
  );
  verdict.same('lost', answered.filter(({ id }) => !ids.has(id ?? '')).length, 0);
  verdict.same('double', doubles(rows).length, 0);
  const costs = new Map(rows.map(({ id, costNanoUsd }) => [id, costNanoUsd]));
  const told = answered.filter(({ isWhole, costNanoUsd }) => isWhole && costNanoUsd !== null);
  verdict.same(
    'costs_told_wrongly',
    told.filter(({ id, costNanoUsd }) => costs.get(id ?? '') !== costNanoUsd).length,
    0,
  );
}

/** Takes the room on a disk. */
class Ballast {
  private readonly file: string;

  constructor(private readonly folder: string) {
    this.file = join(folder, 'ballast');
  }

  /** So many MiB stay free; 0 = not a byte. */
  leave(freeMib: number): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const wanted = bavail * bsize - freeMib * MIB;
    const file = openSync(this.file, 'a');
    try {
      const piece = Buffer.alloc(64 * 1024, 1);
      for (let written = 0; written < wanted; written += piece.length) writeSync(file, piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  remove(): void {
    rmSync(this.file);
  }
}
