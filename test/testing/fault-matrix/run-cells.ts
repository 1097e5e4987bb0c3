import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { bodyOf, pathOf } from './cells.js';
import type { Cell } from './cells.js';
import { brokenPromises } from './promises.js';

export interface CellResult {
  readonly cell: Cell;
  /** Promises that did not hold. */
  readonly broken: readonly string[];
}

export interface CellTarget {
  /** Base URL of the data port. */
  readonly url: string;
  readonly secret: string;
}

/** Requests at the same time, beside those that wait for a time-out. */
const AT_ONCE = 12;

/** Sends every cell's request and holds answer and record against the table. Those that take their time go first. */
export async function runCells(cells: readonly Cell[], target: CellTarget): Promise<readonly CellResult[]> {
  const patient = cells.filter(waits).map((cell) => runCell(cell, target));
  const queue = cells.filter((cell) => !waits(cell)).values();
  const results: CellResult[] = [];
  const work = async (): Promise<void> => {
    for (const cell of queue) results.push(await runCell(cell, target));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return [...results, ...(await Promise.all(patient))];
}

function waits({ fate, row: { mode } }: Cell): boolean {
  return (fate.kind !== 'served' && fate.failure === 'timeout') || mode === 'never_accept' || mode === 'tls_hang';
}

async function runCell(cell: Cell, { url, secret }: CellTarget): Promise<CellResult> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  try {
    const response = await fetch(`${url}${pathOf(cell)}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(bodyOf(cell)),
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    const id = answer.headers.get('x-generation-id') ?? '';
    const found = await (await fetch(`${url}/v1/generation?id=${id}`, { headers })).text();
    return { cell, broken: brokenPromises(cell, answer, recordIn(found)) };
  } catch (error) {
    return { cell, broken: [`no answer: ${String(error)}`] };
  }
}

function recordIn(text: string): JsonObject {
  const body: unknown = parseJson(text);
  return isJsonObject(body) && isJsonObject(body['data']) ? body['data'] : {};
}
