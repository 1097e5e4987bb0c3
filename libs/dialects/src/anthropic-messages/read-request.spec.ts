import type { JsonObject } from '@switchyard/contract';
import type { Conversation } from '@switchyard/conversation';
import { readRequest } from './read-request.js';

function read(fields: JsonObject): Conversation {
  return readRequest({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], ...fields });
}

describe('a Messages request as a conversation', () => {
  it.each<[string, JsonObject, Conversation['reasoning']]>([
    ['enabled', { thinking: { type: 'enabled', budget_tokens: 2048 } }, { mode: 'on', budgetTokens: 2048 }],
    ['adaptive', { thinking: { type: 'adaptive', display: 'omitted' } }, { mode: 'adaptive', display: 'omitted' }],
    [
      'adaptive with effort',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      { mode: 'adaptive', effort: 'low' },
    ],
    ['effort alone', { output_config: { effort: 'high' } }, { mode: 'adaptive', effort: 'high' }],
    [
      'disabled, which beats an effort',
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      { mode: 'off' },
    ],
    ['between tools', { thinking: { type: 'between_tools' } }, { mode: 'off' }],
    ['nothing', {}, undefined],
  ])('has the thinking that was asked for: %s', (_, fields, expected) => {
    expect(read(fields).reasoning).toEqual(expected);
  });

  it('names what has no word in a conversation, and nothing that has', () => {
    const extras = read({
      thinking: { type: 'between_tools' },
      output_config: { effort: 'low', task_budget: { total: 1 } },
      tools: [{ name: 'f', input_examples: [], cache_control: { type: 'ephemeral' } }],
      context_management: {},
      speed: 'fast',
      top_p: null,
      container: null,
    }).extras;
    expect(Object.keys(extras).sort()).toEqual([
      'context_management',
      'output_config.task_budget',
      'speed',
      'thinking',
      'tools.input_examples',
    ]);
  });

  it.each<[JsonObject, Conversation['toolChoice']]>([
    [{ type: 'auto' }, { mode: 'auto' }],
    [{ type: 'any' }, { mode: 'any' }],
    [{ type: 'none' }, { mode: 'none' }],
    [
      { type: 'tool', name: 'f' },
      { mode: 'tool', name: 'f' },
    ],
    [{ type: 'brand_new' }, undefined],
  ])('has the tool choice %j', (choice, expected) => {
    expect(read({ tool_choice: choice }).toolChoice).toEqual(expected);
  });

  it('has the old place of a structured output', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } };
    expect(read({ output_format: format }).responseFormat).toEqual({ kind: 'json-schema', schema: { type: 'object' } });
  });

  it('carries blocks it does not know, and malformed ones, without reading them', () => {
    const content = [{ type: 'constructor' }, { type: 'image' }, { type: 'tool_use', id: 4 }, { type: '__proto__' }];
    expect(read({ messages: [{ role: 'user', content }] }).messages[0]?.content).toEqual(
      content.map((raw) => ({ type: 'opaque', dialect: 'anthropic-messages', name: raw.type, raw })),
    );
  });

  it('keeps metadata beside the user id', () => {
    expect(read({ metadata: { user_id: 'u', team: 't' } })).toMatchObject({ endUser: 'u', metadata: { team: 't' } });
    expect(read({ metadata: { user_id: null } })).not.toHaveProperty('endUser');
  });
});
