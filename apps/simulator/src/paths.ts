import type { SimulatedDialectId } from './voice.js';

export type Operation = 'answer' | 'count-tokens' | 'list-models' | 'health';

export interface Route {
  readonly operation: Operation;
  readonly dialect: SimulatedDialectId;
  /** Which provider is played: the first segment of what stands before the API's own path; null at the root. */
  readonly provider: string | null;
}

const ENDINGS = [
  { method: 'POST', ending: '/v1/messages', operation: 'answer', dialect: 'anthropic-messages' },
  { method: 'POST', ending: '/v1/messages/count_tokens', operation: 'count-tokens', dialect: 'anthropic-messages' },
  { method: 'POST', ending: '/chat/completions', operation: 'answer', dialect: 'openai-chat' },
  { method: 'GET', ending: '/models', operation: 'list-models', dialect: 'openai-chat' },
  { method: 'GET', ending: '/healthz', operation: 'health', dialect: 'openai-chat' },
] as const;

/** Finds the operation behind any prefix: `/deepinfra/v1/chat/completions` is `deepinfra`'s. Null for an unknown path. */
export function routeOf(method: string, path: string): Route | null {
  const found = ENDINGS.find((entry) => entry.method === method && path.endsWith(entry.ending));
  if (found === undefined) return null;
  const [provider] = path
    .slice(0, -found.ending.length)
    .split('/')
    .filter((segment) => segment !== '' && segment !== 'v1');
  return { operation: found.operation, dialect: found.dialect, provider: provider ?? null };
}
