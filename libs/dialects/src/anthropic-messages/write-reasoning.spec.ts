import type { JsonObject, ModelTraits } from '@switchyard/contract';
import type { Conversation, Reasoning } from '@switchyard/conversation';
import { conversationOf, targetOf } from './__fixtures__/kit.js';
import { writeRequest } from './write-request.js';

function write(reasoning: Reasoning, traits: ModelTraits, parts: Partial<Conversation> = {}, maxOutputTokens = 64_000) {
  return writeRequest(
    conversationOf({ reasoning, maxOutputTokens: 10_000, ...parts }),
    targetOf({ traits, maxOutputTokens }),
  );
}

const ADAPTIVE: ModelTraits = { thinking: 'adaptive' };
const BUDGET: ModelTraits = { thinking: 'budget' };

describe('thinking asked of Anthropic', () => {
  it.each<[string, Reasoning, ModelTraits, JsonObject | undefined, string | undefined]>([
    ['an effort to an adaptive model', { mode: 'on', effort: 'high' }, ADAPTIVE, { type: 'adaptive' }, 'high'],
    ['minimal as low', { mode: 'on', effort: 'minimal' }, ADAPTIVE, { type: 'adaptive' }, 'low'],
    [
      'xhigh where the model has it',
      { mode: 'on', effort: 'xhigh' },
      { ...ADAPTIVE, efforts: ['low', 'high', 'xhigh'] },
      { type: 'adaptive' },
      'xhigh',
    ],
    [
      'xhigh as high where it has not',
      { mode: 'on', effort: 'xhigh' },
      { ...ADAPTIVE, efforts: ['low', 'high'] },
      { type: 'adaptive' },
      'high',
    ],
    [
      'no effort to a model without efforts',
      { mode: 'on', effort: 'high' },
      { ...ADAPTIVE, efforts: [] },
      { type: 'adaptive' },
      undefined,
    ],
    ['a plain "on" as medium', { mode: 'on' }, ADAPTIVE, { type: 'adaptive' }, 'medium'],
    ['adaptive as adaptive', { mode: 'adaptive' }, ADAPTIVE, { type: 'adaptive' }, undefined],
    ['a small budget as low', { mode: 'on', budgetTokens: 1_500 }, ADAPTIVE, { type: 'adaptive' }, 'low'],
    ['a middling budget as medium', { mode: 'on', budgetTokens: 4_000 }, ADAPTIVE, { type: 'adaptive' }, 'medium'],
    ['a large budget as high', { mode: 'on', budgetTokens: 20_000 }, ADAPTIVE, { type: 'adaptive' }, 'high'],
    [
      'a budget as it is where both are taken',
      { mode: 'on', budgetTokens: 2_000 },
      { thinking: 'both' },
      { type: 'enabled', budget_tokens: 2_000 },
      undefined,
    ],
    [
      'an effort as 50 % where only budgets are',
      { mode: 'on', effort: 'medium' },
      BUDGET,
      { type: 'enabled', budget_tokens: 5_000 },
      undefined,
    ],
    ['high as 80 %', { mode: 'on', effort: 'high' }, BUDGET, { type: 'enabled', budget_tokens: 8_000 }, undefined],
    [
      'minimal as the least budget',
      { mode: 'on', effort: 'minimal' },
      BUDGET,
      { type: 'enabled', budget_tokens: 1_024 },
      undefined,
    ],
    [
      'adaptive as medium where only budgets are',
      { mode: 'adaptive' },
      BUDGET,
      { type: 'enabled', budget_tokens: 5_000 },
      undefined,
    ],
    [
      'a tiny budget as the least',
      { mode: 'on', budgetTokens: 10 },
      BUDGET,
      { type: 'enabled', budget_tokens: 1_024 },
      undefined,
    ],
    [
      'the display that is wished',
      { mode: 'on', budgetTokens: 2_000, display: 'omitted' },
      BUDGET,
      { type: 'enabled', budget_tokens: 2_000, display: 'omitted' },
      undefined,
    ],
    ['off to an adaptive model', { mode: 'off' }, ADAPTIVE, { type: 'disabled' }, undefined],
    ['off to a budget model by silence', { mode: 'off' }, BUDGET, undefined, undefined],
    ['off to a model without thinking by silence', { mode: 'off' }, { thinking: 'none' }, undefined, undefined],
    ['what was asked to an unknown model', { mode: 'adaptive', effort: 'low' }, {}, { type: 'adaptive' }, 'low'],
  ])('sends %s', (_, reasoning, traits, thinking, effort) => {
    const { body, dropped } = write(reasoning, traits);
    expect(body['thinking']).toEqual(thinking);
    expect((body['output_config'] as JsonObject | undefined)?.['effort']).toBe(effort);
    expect(dropped).toEqual([]);
  });

  it('thinks as little as it can where it cannot be off, and says so', () => {
    const { body, dropped } = write({ mode: 'off' }, { ...ADAPTIVE, thinkingOptional: false });
    expect(body).toMatchObject({ output_config: { effort: 'low' } });
    expect(body).not.toHaveProperty('thinking');
    expect(dropped).toEqual(['reasoning']);
  });

  it('is named as lost by a model that does not think', () => {
    expect(write({ mode: 'on', effort: 'high' }, { thinking: 'none' })).toMatchObject({ dropped: ['reasoning'] });
  });

  it.each<[string, Reasoning, number, number, number, number]>([
    ['grows the output limit above the budget', { mode: 'on', budgetTokens: 10_000 }, 1_000, 64_000, 10_000, 11_000],
    ['keeps both below the limit of the model', { mode: 'on', budgetTokens: 10_000 }, 5_000, 8_000, 7_999, 8_000],
    ['keeps an effort below a small limit', { mode: 'on', effort: 'high' }, 600, 64_000, 1_024, 1_624],
    ['never thinks for more than 128,000', { mode: 'on', effort: 'max' }, 400_000, 400_000, 128_000, 400_000],
  ])('%s', (_, reasoning, asked, limit, budget, maxTokens) => {
    const { body } = write(reasoning, BUDGET, { maxOutputTokens: asked }, limit);
    expect(body).toMatchObject({ max_tokens: maxTokens, thinking: { budget_tokens: budget } });
  });

  it('gives up where not even the least budget fits', () => {
    const { body, dropped } = write({ mode: 'on', effort: 'high' }, BUDGET, { maxOutputTokens: 900 }, 1_000);
    expect(body).toMatchObject({ max_tokens: 900 });
    expect(dropped).toEqual(['reasoning']);
  });

  it('takes sampling parameters with it', () => {
    const { body, dropped } = write({ mode: 'on', effort: 'low' }, BUDGET, { temperature: 0.3, topK: 4 });
    expect(body).not.toHaveProperty('temperature');
    expect(dropped).toEqual(['temperature', 'top_k']);
  });

  it('is off for a tool turn that was begun without it, where the model would refuse', () => {
    const messages: Conversation['messages'] = [
      { role: 'user', content: [{ type: 'text', text: 'go' }] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '', kind: 'function' }] },
      { role: 'user', content: [{ type: 'tool-result', callId: 'a', content: [], isError: false }] },
    ];
    expect(write({ mode: 'on', effort: 'low' }, BUDGET, { messages })).toMatchObject({ dropped: ['reasoning'] });
    expect(write({ mode: 'on', effort: 'low' }, ADAPTIVE, { messages }).body['thinking']).toEqual({ type: 'adaptive' });
    const signed = messages.map((message) =>
      message.role === 'assistant'
        ? {
            ...message,
            content: [
              { type: 'thinking', text: 't', signature: { origin: 'anthropic', value: 's' } } as const,
              ...message.content,
            ],
          }
        : message,
    );
    expect(write({ mode: 'on', effort: 'low' }, BUDGET, { messages: signed }).body['thinking']).toBeDefined();
  });
});
