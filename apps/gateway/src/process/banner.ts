import type { LoadResult } from '../config/load-config.js';
import type { Urls } from './supervisor.js';

/** Asked for in the first curl: the smallest model of a shipped catalogue, or the operator's own first one. */
const FIRST_MODEL = 'anthropic/claude-haiku-4.5';

/** What a person who just started Switchyard needs: where it listens, a key, and a request that works when pasted. */
export function banner({ config, localKey }: LoadResult, urls: Urls): string {
  const model = config.catalog.resolve(FIRST_MODEL)?.model.id ?? config.catalog.models[0]?.id ?? FIRST_MODEL;
  const key = localKey ?? '$SWITCHYARD_KEY';
  const lines = [
    '',
    'Switchyard is running.',
    `  data port        ${urls.data}      (POST /v1/messages, POST /v1/chat/completions)`,
    `  operations port  ${urls.ops}      (/admin/v1/keys, /admin/v1/usage, /metrics, /healthz)`,
    `  configuration    ${config.source ?? 'built-in defaults'}`,
    `  models           ${String(config.catalog.models.length)}`,
    ...(localKey === null ? [] : [`  key              ${localKey}`]),
    ...(config.simulated ? SIMULATED : []),
    '',
    'Try it:',
    '',
    `curl ${urls.data}/v1/messages \\`,
    `  -H 'authorization: Bearer ${key}' \\`,
    "  -H 'content-type: application/json' \\",
    `  -d '{"model": "${model}", "max_tokens": 256, "messages": [{"role": "user", "content": "Hello"}]}'`,
    '',
    '',
  ];
  return lines.join('\n');
}

const SIMULATED = [
  '',
  '  SIMULATED: no provider key was found in the environment, so the built-in simulator answers every request.',
  '  Set ANTHROPIC_API_KEY, OPENAI_API_KEY or another provider key, and restart, for real answers.',
];
