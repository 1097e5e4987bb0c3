import type { JsonObject } from '@switchyard/contract';
import type { Conversation, Tool } from '@switchyard/conversation';
import { conversationOf, targetOf } from './__fixtures__/kit.js';
import type { TargetFacts } from './__fixtures__/kit.js';
import { inputSchema } from './input-schema.js';
import { outputSchema } from './output-schema.js';
import { writeRequest } from './write-request.js';

const F: Tool = { kind: 'function', name: 'f', schema: { type: 'object', properties: {} } };
const G: Tool = { ...F, name: 'g' };
const THINKING = { reasoning: { mode: 'on', effort: 'low' } } as const;
const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };

function write(parts: Partial<Conversation>, facts: TargetFacts = {}) {
  return writeRequest(conversationOf(parts), targetOf(facts));
}

function toolNames(body: JsonObject): unknown[] {
  return ((body['tools'] ?? []) as unknown as readonly JsonObject[]).map((tool) => tool['name']);
}

describe('tools written for Anthropic', () => {
  it('have names it accepts, unlike ones apart, and are put back by the map', () => {
    const long = 'x'.repeat(70);
    const { body, renamed } = write({
      tools: [
        { ...F, name: 'a.b' },
        { ...F, name: 'a/b' },
        { ...F, name: `${long}1` },
        { ...F, name: `${long}2` },
      ],
    });
    const names = toolNames(body) as string[];
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(names.map((name) => renamed.get(name))).toEqual(['a.b', 'a/b', `${long}1`, `${long}2`]);
  });

  it('have the same name in the list, the choice and the history', () => {
    const { body } = write({
      tools: [{ ...F, name: 'a.b' }],
      toolChoice: { mode: 'tool', name: 'a.b' },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'x' }] },
        { role: 'assistant', content: [{ type: 'tool-call', id: '1', name: 'a.b', arguments: '', kind: 'function' }] },
      ],
    });
    const sent = toolNames(body)[0];
    expect(body['tool_choice']).toEqual({ type: 'tool', name: sent });
    expect(body['messages']).toMatchObject([{}, { content: [{ name: sent }] }, {}]);
  });

  it('take free-form tools as one text argument, also in the history', () => {
    const { body, shape } = write({
      tools: [{ kind: 'custom', name: 'apply_patch' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'x' }] },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: '1', name: 'apply_patch', arguments: '*** Begin', kind: 'custom' }],
        },
      ],
    });
    expect(shape).toEqual({ customTools: ['apply_patch'] });
    expect(body['tools']).toMatchObject([
      { input_schema: { properties: { input: { type: 'string' } }, required: ['input'] } },
    ]);
    expect(body['messages']).toMatchObject([{}, { content: [{ input: { input: '*** Begin' } }] }, {}]);
  });

  it('of other vendors are left out and named, its own pass', () => {
    const own = { type: 'web_search_20250305', name: 'web_search' };
    const { body, dropped } = write({
      tools: [
        { kind: 'server', nativeType: 'web_search_20250305', name: 'web_search', raw: own },
        { kind: 'server', nativeType: 'code_interpreter', name: 'x', raw: { type: 'code_interpreter' } },
      ],
      webSearch: {},
    });
    expect(body['tools']).toEqual([own]);
    expect(dropped).toEqual(['tools.code_interpreter']);
  });
});

describe('tool choice written for Anthropic', () => {
  it.each<[string, Partial<Conversation>, TargetFacts, JsonObject | undefined, readonly string[]]>([
    ['auto', { toolChoice: { mode: 'auto' } }, {}, { type: 'auto' }, []],
    ['required', { toolChoice: { mode: 'any' } }, {}, { type: 'any' }, []],
    ['none', { toolChoice: { mode: 'none' }, parallelToolCalls: false }, {}, { type: 'none' }, []],
    ['one tool', { toolChoice: { mode: 'tool', name: 'f' } }, {}, { type: 'tool', name: 'f' }, []],
    ['no parallel calls', { parallelToolCalls: false }, {}, { type: 'auto', disable_parallel_tool_use: true }, []],
    ['parallel calls', { parallelToolCalls: true }, {}, undefined, []],
    ['required with thinking', { toolChoice: { mode: 'any' }, ...THINKING }, {}, { type: 'auto' }, ['tool_choice']],
    [
      'required of a model that cannot',
      { toolChoice: { mode: 'any' } },
      { traits: { forcedToolChoice: false } },
      { type: 'auto' },
      ['tool_choice'],
    ],
  ])('%s', (_, parts, facts, expected, lost) => {
    const { body, dropped } = write({ tools: [F, G], ...parts }, facts);
    expect(body['tool_choice']).toEqual(expected);
    expect(dropped).toEqual(lost);
  });

  it('of a subset leaves out the other tools', () => {
    const { body } = write({ tools: [F, G], toolChoice: { mode: 'allowed', names: ['g'], required: true } });
    expect(toolNames(body)).toEqual(['g']);
    expect(body['tool_choice']).toEqual({ type: 'any' });
  });

  it('is left out where there are no tools', () => {
    expect(write({ toolChoice: { mode: 'auto' }, parallelToolCalls: false }).body).not.toHaveProperty('tool_choice');
  });
});

describe('response formats written for Anthropic', () => {
  const jsonSchema: Partial<Conversation> = { responseFormat: { kind: 'json-schema', schema: SCHEMA } };
  const WITHOUT: TargetFacts = { traits: { jsonSchema: false } };

  it('are native where the model has them', () => {
    const { body, shape } = write(jsonSchema);
    expect(body['output_config']).toEqual({ format: { type: 'json_schema', schema: SCHEMA } });
    expect(shape).toBeUndefined();
  });

  it('are a forced tool where it has not', () => {
    const { body, shape } = write(jsonSchema, WITHOUT);
    expect(body['tools']).toMatchObject([{ name: 'json', input_schema: SCHEMA }]);
    expect(body['tool_choice']).toEqual({ type: 'tool', name: 'json' });
    expect(shape).toEqual({ jsonTool: 'json' });
  });

  it('leave the model free to call tools of the caller, and keep clear of their names', () => {
    const { body, shape } = write({ ...jsonSchema, tools: [{ ...F, name: 'json' }] }, WITHOUT);
    expect(body['tool_choice']).toEqual({ type: 'any' });
    expect(shape).toEqual({ jsonTool: 'json_answer' });
  });

  it.each<[string, Partial<Conversation>, TargetFacts]>([
    ['thinking is on', { ...jsonSchema, ...THINKING }, WITHOUT],
    ['nothing can be forced', jsonSchema, { traits: { jsonSchema: false, forcedToolChoice: false } }],
    ['the schema is no object', { responseFormat: { kind: 'json-schema', schema: { type: 'array' } } }, WITHOUT],
    ['any JSON will do', { responseFormat: { kind: 'json' } }, {}],
  ])('are asked for in words where %s', (_, parts, facts) => {
    const { body, shape } = write(parts, facts);
    expect(JSON.stringify(body['system'])).toMatch(/JSON/);
    expect(body).not.toHaveProperty('tools');
    expect(shape).toEqual({ stripFences: true });
  });
});

describe('schemas', () => {
  it.each<[string, JsonObject | undefined, JsonObject]>([
    ['absent', undefined, { type: 'object', properties: {} }],
    ['without a type', { properties: { a: {} } }, { properties: { a: {} }, type: 'object' }],
    ['as Anthropic wants it', SCHEMA, SCHEMA],
    [
      'with a reference at the top',
      { $ref: '#/$defs/A', $defs: { A: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } } },
      {
        $defs: { A: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } },
        type: 'object',
        properties: { a: { type: 'string' } },
        required: ['a'],
      },
    ],
    [
      'of several parts',
      { allOf: [{ properties: { a: {} }, required: ['a'] }, { properties: { b: {} } }] },
      { type: 'object', properties: { a: {}, b: {} }, required: ['a'] },
    ],
    [
      'of alternatives: what all demand is demanded',
      {
        anyOf: [
          { properties: { a: {}, k: {} }, required: ['a', 'k'] },
          { properties: { b: {}, k: {} }, required: ['k'] },
        ],
      },
      { type: 'object', properties: { a: {}, k: {}, b: {} }, required: ['k'] },
    ],
    ['that refers to itself', { $ref: '#' }, { type: 'object', properties: {} }],
    ['that refers to nothing', { $ref: '#/nowhere/0' }, { type: 'object', properties: {} }],
  ])('of a tool %s become an object', (_, schema, expected) => {
    expect(inputSchema(schema).schema).toEqual(expected);
  });

  it('say when alternatives had to be merged', () => {
    expect(inputSchema({ anyOf: [{}, {}] }).loosened).toBe(true);
    expect(inputSchema({ anyOf: [{ properties: { a: {} } }] }).loosened).toBe(false);
  });

  it('of an output close every object and say constraints in words', () => {
    const schema = {
      type: 'object',
      properties: {
        n: { type: 'integer', minimum: 1, description: 'Count' },
        pattern: { type: 'string', pattern: '^a' },
        list: { type: 'array', items: { type: 'object' }, minItems: 3 },
      },
      $defs: { D: { oneOf: [{ type: 'object' }, { type: 'string', format: 'date' }] } },
    };
    expect(outputSchema(schema)).toEqual({
      type: 'object',
      properties: {
        n: { type: 'integer', description: 'Count (minimum: 1)' },
        pattern: { type: 'string', description: '(pattern: "^a")' },
        list: { type: 'array', items: { type: 'object', additionalProperties: false }, description: '(minItems: 3)' },
      },
      $defs: {
        D: {
          anyOf: [
            { type: 'object', additionalProperties: false },
            { type: 'string', format: 'date' },
          ],
        },
      },
      additionalProperties: false,
    });
    expect(outputSchema(SCHEMA)).toEqual(SCHEMA);
  });
});
