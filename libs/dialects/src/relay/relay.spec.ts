import fc from 'fast-check';
import { UpstreamError } from '@switchyard/contract';
import type { DialectId, JsonObject } from '@switchyard/contract';
import type { AnswerContext, AnswerOrigin, RequestTarget } from '../dialect.js';
import { decodeBody } from '../json/decode-body.js';
import { dialectOf } from '../registry.js';
import { relayAnswer } from './answer-relay.js';
import { decodeRequest } from './decode-request.js';
import { relayRequest } from './request-relay.js';

const DIALECTS: readonly DialectId[] = ['anthropic-messages', 'openai-chat'];
const isHintKey = (key: string): boolean => key.startsWith('provider') || key === 'models' || key === 'session_id';
const TARGET: RequestTarget = {
  endpoint: { upstreamModel: 'upstream-name', maxOutputTokens: 4096 } as RequestTarget['endpoint'],
  model: { id: 'acme/m1', traits: {} } as RequestTarget['model'],
  deviations: {},
  origin: 'acme',
};
const ORIGIN: AnswerOrigin = { origin: 'acme', deviations: {}, renamed: new Map() };
const CONTEXT: AnswerContext = {
  generationId: 'g1',
  createdS: 1,
  publicModel: 'acme/m1',
  provider: 'acme',
  origin: 'acme',
  includeUsage: false,
  compatNaga: false,
  costFields: () => ({ cost: 0.5 }),
  routing: null,
};

/** Request bodies with unknown fields, hints and white space, as text. */
const bodyText = (): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.dictionary(fc.stringMatching(/^x_[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 3 })),
      fc.dictionary(
        fc.constantFrom('provider_only', 'provider_zdr', 'provider', 'models', 'session_id'),
        fc.jsonValue({ maxDepth: 2 }),
      ),
      fc.constantFrom(0, 1, 4),
    )
    .map(([unknown, hints, indent]) =>
      JSON.stringify(
        { ...hints, model: 'm', ...unknown, max_tokens: 16, messages: [{ role: 'user', content: 'Hi' }] },
        null,
        indent,
      ),
    )
    // Keys that reach a prototype are refused before any relay sees them.
    .filter((text) => !/__proto__|constructor/.test(text));

const unused = (): never => {
  throw new Error('a body that stays in its dialect needs no conversation');
};

describe.each(DIALECTS)('a %s request to an upstream of its dialect', (id) => {
  const dialect = dialectOf(id);
  const relayed = (text: string): string =>
    relayRequest(
      dialect,
      dialect,
      decodeBody(Buffer.from(text), { maxDepth: 64 }),
      TARGET,
      isHintKey,
      unused,
    ).body.toString();

  it('differs from what was sent in model and hints alone, for any body', () => {
    fc.assert(
      fc.property(bodyText(), (text) => {
        const sent = JSON.parse(text) as JsonObject;
        const expected = Object.fromEntries(
          Object.entries({ ...sent, model: 'upstream-name' }).filter(([key]) => !isHintKey(key)),
        );
        expect(JSON.parse(relayed(text))).toEqual(expected);
      }),
    );
  });

  it('keeps the spelling of numbers and the order of keys', () => {
    const text =
      '{"z":1.0,"model":"m","big":12345678901234567890,"e":1e2,"max_tokens":16,"messages":[{"role":"user","content":"\\u00e9"}]}';
    expect(relayed(text)).toBe(text.replace('"m"', '"upstream-name"'));
  });
});

it('asks an OpenAI-compatible stream for its usage, and keeps the other stream options', () => {
  const dialect = dialectOf('openai-chat');
  const body = {
    model: 'm',
    stream: true,
    stream_options: { include_obfuscation: false },
    messages: [{ role: 'user', content: 'Hi' }],
  };
  const { body: sent } = relayRequest(
    dialect,
    dialect,
    decodeBody(Buffer.from(JSON.stringify(body)), { maxDepth: 64 }),
    TARGET,
    isHintKey,
    unused,
  );
  expect(JSON.parse(sent.toString())).toEqual({
    ...body,
    model: 'upstream-name',
    stream_options: { include_obfuscation: false, include_usage: true },
  });
});

it('reports no hint as dropped by a translation', () => {
  const [messages, chat] = [dialectOf('anthropic-messages'), dialectOf('openai-chat')];
  const json = {
    model: 'm',
    max_tokens: 16,
    provider_only: ['a'],
    models: ['b'],
    x_unknown: 1,
    messages: [{ role: 'user', content: 'Hi' }],
  };
  const body = decodeBody(Buffer.from(JSON.stringify(json)), { maxDepth: 64 });
  const { body: sent, dropped } = relayRequest(messages, chat, body, TARGET, isHintKey, () =>
    messages.readRequest(json),
  );
  expect(dropped).toEqual(['x_unknown']);
  expect(Object.keys(JSON.parse(sent.toString()) as object)).not.toContain('provider_only');
});

describe('an answer of the same dialect', () => {
  const ANSWERS: Readonly<Record<DialectId, string>> = {
    'anthropic-messages':
      '{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","x_new":1.50,"usage":{"input_tokens":1,"output_tokens":2}}',
    'openai-chat':
      '{"id":"c1","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"x_new":1.50,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
  };

  it.each(DIALECTS)('keeps every byte but model and usage (%s)', (id) => {
    const text = ANSWERS[id];
    const { body, summary } = relayAnswer(dialectOf(id), dialectOf(id), Buffer.from(text), ORIGIN, CONTEXT);
    expect(body.toString()).toContain('"x_new":1.50');
    expect(JSON.parse(body.toString())).toMatchObject({ model: 'acme/m1', usage: { cost: 0.5 } });
    expect(summary).toMatchObject({ upstreamModel: 'up', stopReason: 'end', contentLength: 2 });
  });

  it.each(DIALECTS)('says the same as its translation, whoever asks (%s)', (id) => {
    const native = relayAnswer(dialectOf(id), dialectOf(id), Buffer.from(ANSWERS[id]), ORIGIN, CONTEXT).summary;
    for (const client of DIALECTS) {
      const translated = relayAnswer(
        dialectOf(client),
        dialectOf(id),
        Buffer.from(ANSWERS[id]),
        ORIGIN,
        CONTEXT,
      ).summary;
      expect(translated.usage).toEqual(native.usage);
      expect(translated.stopReason).toBe(native.stopReason);
    }
  });

  it.each([
    '',
    '[]',
    'null',
    '<html></html>',
    '{"a":',
    '{}',
    '{"error":{"message":"no","type":"server_error"}}',
    '{"type":"error","error":{"type":"overloaded_error","message":"no"}}',
  ])('refuses %j as no answer', (text) => {
    for (const client of DIALECTS) {
      for (const upstream of DIALECTS) {
        expect(() => relayAnswer(dialectOf(client), dialectOf(upstream), Buffer.from(text), ORIGIN, CONTEXT)).toThrow(
          UpstreamError,
        );
      }
    }
  });
});

describe('decodeRequest', () => {
  const limits = { maxDepth: 64 };

  it('unwraps lone union wrappers of a Messages body', () => {
    const text = JSON.stringify({ model: 'm', thinking: { OfDisabled: { type: 'disabled' } } });
    expect(decodeRequest(dialectOf('anthropic-messages'), Buffer.from(text), limits).json).toEqual({
      model: 'm',
      thinking: { type: 'disabled' },
    });
  });

  it('keeps the bytes of every other body', () => {
    const bytes = Buffer.from('{ "model": "m", "tools": [ {"name": "OfficeTool"} ] }');
    expect(decodeRequest(dialectOf('anthropic-messages'), bytes, limits).bytes).toBe(bytes);
    const wrapped = Buffer.from('{"model":"m","thinking":{"OfDisabled":{"type":"disabled"}}}');
    expect(decodeRequest(dialectOf('openai-chat'), wrapped, limits).bytes).toBe(wrapped);
  });
});
