import fc from 'fast-check';
import { buildSnapshot } from './snapshot.js';

const providers = [
  { id: 'anthropic', name: 'Anthropic', dialect: 'anthropic-messages' as const, base_url: 'https://api.anthropic.com' },
  { id: 'zai', name: 'Z.AI', aliases: ['z-ai'], dialect: 'openai-chat' as const, base_url: 'https://api.z.ai/v4' },
];
const models = [
  { id: 'anthropic/claude-opus-4.8' },
  { id: 'anthropic/claude-haiku-4.5', aliases: ['claude-haiku-4-5-20251001', 'haiku:latest'] },
  { id: 'Acme/Twin' },
  { id: 'other/twin' },
  { id: 'acme/m-1.5' },
  { id: 'acme/m-1-5' },
];
const { snapshot, faults } = buildSnapshot({ providers, models });

describe('resolving a model id', () => {
  it('starts from names without faults', () => {
    expect(faults).toEqual([]);
  });

  it.each([
    ['anthropic/claude-opus-4.8', 'anthropic/claude-opus-4.8'],
    ['Anthropic/Claude-Opus-4.8', 'anthropic/claude-opus-4.8'],
    ['anthropic/claude-opus-4-8', 'anthropic/claude-opus-4.8'],
    ['claude-opus-4-8', 'anthropic/claude-opus-4.8'],
    ['claude-opus-4.8', 'anthropic/claude-opus-4.8'],
    ['claude-haiku-4-5-20251001', 'anthropic/claude-haiku-4.5'],
    ['haiku:latest', 'anthropic/claude-haiku-4.5'],
    ['acme/twin', 'Acme/Twin'],
    ['acme/m-1.5', 'acme/m-1.5'],
    ['acme/m-1-5', 'acme/m-1-5'],
  ])('finds the model that %s names', (id, expected) => {
    expect(snapshot.resolve(id)?.model.id).toBe(expected);
    expect(snapshot.resolve(id)?.variants).toEqual([]);
  });

  it.each([
    ['an unknown name', 'claude-opus-9'],
    ['an unknown author', 'amazon/claude-opus-4.8'],
    ['nothing', ''],
    ['a bare name that two models go by', 'twin'],
    ['a loose name that two models go by', 'm-1_5'],
    ['an unknown suffix', 'claude-opus-4.8:turbo'],
    ['an unknown suffix before a known one', 'claude-opus-4.8:turbo:nitro'],
    ['an empty suffix', 'claude-opus-4.8:'],
    ['a suffix alone', ':nitro'],
    ['a name of Object.prototype', 'constructor'],
    ['an endless name', 'x'.repeat(100_000)],
  ])('knows no model by %s', (_what, id) => {
    expect(snapshot.resolve(id)).toBeNull();
  });

  it.each([
    ['claude-opus-4.8:nitro', ['nitro']],
    ['claude-opus-4.8:FREE:Online', ['free', 'online']],
    ['claude-opus-4.8:free:free', ['free']],
    ['haiku:latest:floor', ['floor']],
  ])('takes the variants off %s', (id, variants) => {
    expect(snapshot.resolve(id)?.variants).toEqual(variants);
  });

  it('answers for any text, the same in capitals', () => {
    const known = fc.constantFrom('claude-opus-4.8', 'acme/m-1.5', 'haiku:latest', 'twin');
    const suffix = fc.constantFrom(
      ':nitro',
      ':floor',
      ':free',
      ':extended',
      ':exacto',
      ':thinking',
      ':online',
      ':batch',
      ':',
    );
    const id = fc.oneof(
      fc.string(),
      fc.tuple(known, fc.array(suffix, { maxLength: 4 })).map(([name, suffixes]) => `${name}${suffixes.join('')}`),
    );
    fc.assert(
      fc.property(id, (text) => {
        const resolved = snapshot.resolve(text);
        // Only ASCII: the capitals of some other letters are other letters.
        const capitals = text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
        expect(snapshot.resolve(capitals)).toEqual(resolved);
        if (resolved !== null) expect(snapshot.resolve(resolved.model.id)?.model).toBe(resolved.model);
      }),
    );
  });
});

describe('finding a provider', () => {
  it.each([
    ['zai', 'zai'],
    ['ZAI', 'zai'],
    ['z.ai', 'zai'],
    ['Z-AI', 'zai'],
    ['Anthropic', 'anthropic'],
  ])('knows whom %s names', (slug, id) => {
    expect(snapshot.findProvider(slug)?.id).toBe(id);
  });

  it.each(['', 'openai', '__proto__', 'anthropic/turbo'])('knows nobody by %p', (slug) => {
    expect(snapshot.findProvider(slug)).toBeNull();
  });
});
