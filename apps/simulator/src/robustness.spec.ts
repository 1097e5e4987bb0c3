import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '@switchyard/contract';
import { anthropicDialect } from './anthropic/dialect.js';
import { Dice } from './dice.js';
import { openaiDialect } from './openai/dialect.js';
import { Refusal } from './refusal.js';
import { writeAnswer } from './script.js';
import { Signer } from './signature.js';
import type { SimulatedDialect } from './voice.js';

const signer = new Signer(1);
const rules = { signer, rejectHints: true, strict: false, lenient: false, counting: false, provider: null };
const usage = { uncached: 1, read: 0, write5m: 0, write1h: 0 };

const FIELDS = [
  'system stream temperature stop stop_sequences thinking tools tool_choice output_config cache_control n logprobs',
  'max_completion_tokens response_format reasoning reasoning_effort stream_options web_search_options',
].flatMap((line) => line.split(' '));

/** Requests that are mostly well formed, with some fields replaced by anything JSON can say. */
const anyRequest = fc
  .record({
    messages: fc.oneof(fc.constant([{ role: 'user', content: 'hi' }]), fc.array(fc.jsonValue()), anyMessages()),
    model: fc.oneof({ weight: 5, arbitrary: fc.constant('m') }, fc.jsonValue()),
    max_tokens: fc.oneof({ weight: 5, arbitrary: fc.nat(100) }, fc.jsonValue()),
    rest: fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue(), { maxKeys: 3 }),
  })
  .map(({ rest, ...named }) => ({ ...rest, ...named }) as unknown as JsonObject);

function anyMessages(): fc.Arbitrary<unknown> {
  const types = ['text', 'image', 'tool_use', 'tool_result', 'thinking', 'image_url', 'document'];
  const part = fc.record(
    { type: fc.constantFrom(...types), text: fc.jsonValue(), source: fc.jsonValue() },
    { requiredKeys: ['type'] },
  );
  const role = fc.constantFrom('user', 'assistant', 'system', 'tool');
  return fc.array(fc.record({ role, content: fc.oneof(fc.array(part), fc.jsonValue()) }), { maxLength: 4 });
}

/** Answers the request, or says which refusal it met. */
function answered(dialect: SimulatedDialect, body: JsonObject): { json: JsonObject; stream: string } | Refusal {
  try {
    const ask = dialect.read(body, rules);
    const material = { dice: new Dice(1, JSON.stringify(body)), signer, notice: false, toolIdPrefix: 'id_' };
    const answer = { ...writeAnswer(ask, material), promptTokens: usage, pieceCharacters: null };
    const voice = dialect.speak(body, ask, { letters: 'x', createdS: 1 });
    return { json: voice.json(answer), stream: [...voice.events(answer)].map((piece) => piece.bytes).join('') };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

describe.each([anthropicDialect, openaiDialect])('$id', (dialect) => {
  it('answers or refuses whatever JSON comes, and never stumbles', () => {
    let served = 0;
    fc.assert(
      fc.property(anyRequest, (body) => {
        const outcome = answered(dialect, body);
        if (outcome instanceof Refusal) {
          expect(outcome.status).toBe(400);
          return;
        }
        served += 1;
        expect(isJsonObject(JSON.parse(JSON.stringify(outcome.json)))).toBe(true);
        for (const event of outcome.stream.split('\n\n').filter((text) => text !== '')) {
          const data = event.slice(event.indexOf('data: ') + 'data: '.length);
          if (data !== '[DONE]') JSON.parse(data);
        }
      }),
      { numRuns: 500 },
    );
    expect(served).toBeGreaterThan(10);
  });
});
