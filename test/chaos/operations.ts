import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `{}` when the body is no JSON object. */
  readonly json: JsonObject;
}

/** Asks either port of a gateway. */
export async function call(url: string, secret: string | null, init: RequestInit = {}): Promise<HttpAnswer> {
  const authorization: Record<string, string> = secret === null ? {} : { authorization: `Bearer ${secret}` };
  const answer = await fetch(url, { ...init, headers: { 'content-type': 'application/json', ...authorization } });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: objectOf(text) };
}

/** A key made by the admin API: the secret is told this once. */
export async function createKey(
  ops: string,
  adminSecret: string,
  form: JsonObject,
): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await call(`${ops}/admin/v1/keys`, adminSecret, { method: 'POST', body: JSON.stringify(form) });
  const { secret, data } = answer.json;
  const id = isJsonObject(data) ? data['id'] : undefined;
  if (typeof secret !== 'string' || typeof id !== 'string') throw new Error(`no key was made: ${answer.text}`);
  return { id, secret };
}

/** Processes of a gateway that limit on their own because Redis is away. */
export async function degradedProcesses(ops: string): Promise<number> {
  const { text } = await call(`${ops}/metrics`, null);
  return Number(/^switchyard_limits_degraded (\d+)/m.exec(text)?.[1] ?? 0);
}

function objectOf(text: string): JsonObject {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
