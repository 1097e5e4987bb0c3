import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

/** The built-in catalogue as it ships, every provider played by the simulator, is what a first start serves. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig('', { simulatedNotice: true, lenient: true });
});
afterAll(() => rig.stop());

describe('the request examples of the API pages', () => {
  it('Naga, messages', async () => {
    const reply = await rig.post('/v1/messages', {
      model: 'claude-sonnet-4.5',
      max_tokens: 512,
      messages: [{ role: 'user', content: 'Explain the CAP theorem in one paragraph.' }],
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({
      type: 'message',
      model: 'anthropic/claude-sonnet-4.5',
      stop_reason: 'end_turn',
    });
    expect(reply.json).not.toHaveProperty('created');
  });

  it('Naga, chat completions', async () => {
    const reply = await rig.post('/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Write a two-line summary of Tokyo.' }],
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ object: 'chat.completion', model: 'openai/gpt-4o-mini' });
  });

  it('Nordlys, messages with every hint, its union wrappers and X-API-Key', async () => {
    const reply = await rig.post(
      '/v1/messages',
      {
        max_tokens: 256,
        messages: [{ content: [{ text: 'Explain nordlys routing.', type: 'text' }], role: 'user' }],
        metadata: { user_id: {} },
        model: 'claude-sonnet-4-5',
        models: ['openai/gpt-4o-mini'],
        provider_configs: {},
        provider_data_collection: 'allow',
        provider_enforce_distillable_text: false,
        provider_ignore: ['deepinfra'],
        provider_max_completion_price: 123,
        provider_max_image_price: 123,
        provider_max_prompt_price: 123,
        provider_max_request_price: 123,
        provider_only: ['anthropic', 'openai'],
        provider_order: ['anthropic'],
        provider_quantizations: null,
        provider_require_parameters: false,
        provider_sort: 'price',
        provider_zdr: null,
        service_tier: 'auto',
        stop_sequences: ['never'],
        stream: false,
        system: [{ cache_control: { ttl: '5m', type: 'ephemeral' }, text: 'Be brief.', type: 'text' }],
        temperature: {},
        thinking: { OfDisabled: { type: 'disabled' } },
        tool_choice: { OfNone: { type: 'none' } },
        tools: [
          {
            OfTool: { name: 'lookup', description: {}, input_schema: { type: 'object', properties: {}, required: [] } },
          },
          { OfBashTool20250124: { name: 'bash', type: 'bash_20250124' } },
        ],
        top_k: {},
        top_p: {},
      },
      { authorization: '', 'x-api-key': KEY },
    );
    expect(reply.text).toContain('"type":"message"');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-switchyard-provider')).toBe('anthropic');
    const sent = rig.simulator.requests.at(-1);
    expect(sent?.body).toMatchObject({ thinking: { type: 'disabled' }, tool_choice: { type: 'none' } });
    expect(sent?.bodyText).not.toContain('"Of');
    expect(sent?.bodyText).not.toContain('provider_');
  });

  it('AIsa, messages with every parameter', async () => {
    const reply = await rig.post('/v1/messages', {
      model: 'claude-sonnet-4-6',
      max_tokens: 1024,
      messages: [{ role: 'user', content: 'Hello, Claude' }],
      system: '<string>',
      temperature: 1,
      top_p: 123,
      top_k: 123,
      stop_sequences: ['<string>'],
      stream: false,
      tools: [{ name: '<string>', input_schema: {}, description: '<string>', type: 'custom' }],
      tool_choice: { type: 'auto', name: '<string>', disable_parallel_tool_use: false },
      thinking: { type: 'enabled', budget_tokens: 10000, display: 'summarized' },
      metadata: { user_id: '<string>' },
      service_tier: 'auto',
    });
    expect(reply.text).toContain('"type":"message"');
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ type: 'message', model: 'anthropic/claude-sonnet-4.6' });
  });

  it.each([
    'anthropic/claude-opus-4.8',
    'anthropic/claude-opus-4.6',
    'anthropic/claude-sonnet-4.6',
    'anthropic/claude-haiku-4.5',
    'google/gemini-3.5-flash',
    'google/gemini-3.1-pro-preview',
    'google/gemini-3.1-flash-lite',
    'google/gemini-3-flash-preview',
    'openai/gpt-5.5-pro',
    'openai/gpt-5.5',
    'openai/gpt-5.4',
    'moonshotai/kimi-k2.6',
    'moonshotai/kimi-k2.5',
    'minimax/minimax-m2.5',
    'qwen/qwen3.6-plus',
    'claude-opus-4-8',
  ])('Octen, messages to %s', async (model) => {
    const reply = await rig.post(
      '/v1/messages',
      { model, max_tokens: 256, messages: [{ role: 'user', content: 'Hello' }] },
      { authorization: '', 'x-api-key': KEY },
    );
    expect(reply.text).toContain('"type":"message"');
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ role: 'assistant', stop_reason: 'end_turn' });
  });
});
