import type { JsonObject } from '@switchyard/contract';
import { PROVIDER_SECRET } from '../deployment.js';

/** A model that several equal providers have. */
export const SHARED_MODEL = 'acme/shared';

/** Sections of a configuration in which these providers of the upstream at `upstreamUrl` have it. */
export function sharedModel(upstreamUrl: string, providers: readonly string[]): JsonObject {
  return {
    // Without a seed: each request draws anew among equals.
    routing: {},
    providers: providers.map((id) => ({
      id,
      dialect: 'openai-chat',
      base_url: `${upstreamUrl}/${id}/v1`,
      credentials: [{ id: 'main', api_key: PROVIDER_SECRET }],
    })),
    models: [
      {
        id: SHARED_MODEL,
        context_length: 128_000,
        max_output_tokens: 8_192,
        endpoints: providers.map((provider) => ({
          provider,
          upstream_model: 'shared-1',
          price: { prompt: 0.137, completion: 0.913 },
        })),
      },
    ],
  };
}
