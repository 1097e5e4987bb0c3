import fc from 'fast-check';
import type { JsonObject } from '@switchyard/contract';
import { unwrapUnions } from './unwrap.js';

describe('union wrappers of reflected API descriptions', () => {
  it('are opened wherever a union stands', () => {
    const body: JsonObject = {
      model: 'm',
      temperature: {},
      top_k: {},
      metadata: { user_id: {} },
      thinking: { OfEnabled: { type: 'enabled', budget_tokens: 2048 } },
      tool_choice: { OfTool: { type: 'tool', name: 'x', disable_parallel_tool_use: {} } },
      tools: [
        { OfTool: { name: 'x', description: {}, input_schema: { OfText: { a: 1 } } } },
        {
          OfWebSearchTool20250305: {
            type: 'web_search_20250305',
            name: 'web_search',
            max_uses: {},
            user_location: { city: {}, type: 'approximate' },
          },
        },
      ],
      system: [
        {
          OfText: {
            type: 'text',
            text: 's',
            citations: [{ OfCharLocation: { type: 'char_location', document_title: {} } }],
          },
        },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { OfImage: { type: 'image', source: { OfBase64: { type: 'base64', data: 'x' } } } },
            {
              OfToolResult: {
                type: 'tool_result',
                tool_use_id: 't',
                is_error: {},
                content: [{ OfText: { type: 'text', text: 'r' } }],
              },
            },
            { type: 'tool_use', id: 'u', name: 'n', input: { OfEnabled: { city: {} } } },
          ],
        },
      ],
    };
    expect(unwrapUnions(body)).toEqual({
      model: 'm',
      metadata: {},
      thinking: { type: 'enabled', budget_tokens: 2048 },
      tool_choice: { type: 'tool', name: 'x' },
      tools: [
        { name: 'x', input_schema: { OfText: { a: 1 } } },
        { type: 'web_search_20250305', name: 'web_search', user_location: { type: 'approximate' } },
      ],
      system: [{ type: 'text', text: 's', citations: [{ type: 'char_location' }] }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', data: 'x' } },
            { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'r' }] },
            { type: 'tool_use', id: 'u', name: 'n', input: { OfEnabled: { city: {} } } },
          ],
        },
      ],
    });
  });

  it('stay where they are not alone, because nobody can tell which is meant', () => {
    const thinking = { OfDisabled: { type: 'disabled' }, OfEnabled: { type: 'enabled' } };
    const body = { thinking };
    expect(unwrapUnions(body)).toBe(body);
  });

  it('are no reason to copy: a plain body is the very same object', () => {
    const body: JsonObject = {
      model: 'm',
      max_tokens: 1,
      temperature: 0,
      thinking: { type: 'adaptive' },
      tools: [{ name: 'x', input_schema: {} }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    };
    expect(unwrapUnions(body)).toBe(body);
  });

  it('never throw, and leave nothing to unwrap', () => {
    const keys = fc.constantFrom(
      'messages',
      'content',
      'system',
      'tools',
      'thinking',
      'OfText',
      'temperature',
      'type',
      'source',
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, 1, 'x', true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, value), (body) => {
        const once = unwrapUnions(body as JsonObject);
        expect(JSON.stringify(unwrapUnions(once)).length).toBeLessThanOrEqual(JSON.stringify(once).length);
      }),
    );
  });
});
