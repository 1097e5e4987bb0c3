import type { Provider } from '@switchyard/contract';
import { overlaySnapshot } from './overlay.js';
import { buildSnapshot } from './snapshot.js';

const { snapshot: BASE } = buildSnapshot({
  version: 'v7',
  providers: [
    {
      id: 'one',
      name: 'The One',
      dialect: 'openai-chat',
      base_url: 'https://one.example.com/v1',
      credentials: [{ id: 'main', api_key: 'operators' }],
      data_policy: { trains: false, retains: false, zdr: true, regions: ['eu'] },
    },
    {
      id: 'two',
      dialect: 'anthropic-messages',
      base_url: 'https://two.example.com',
      credentials: [{ id: 'main', api_key: 'operators' }],
    },
  ],
  models: [
    {
      id: 'acme/m1',
      aliases: ['m1'],
      context_length: 1000,
      endpoints: [
        { provider: 'one', quantization: 'fp8', price: { prompt: 1, completion: 2 }, supported_parameters: ['tools'] },
        { provider: 'two', price: { prompt: 1, completion: 2 } },
      ],
    },
    { id: 'acme/m2', endpoints: [{ provider: 'two', price: { prompt: 1, completion: 2 } }] },
  ],
});

const ONE = BASE.findProvider('one') as Provider;

function own(provider: Partial<Provider>, ownHost: boolean): Provider {
  return {
    ...ONE,
    credentials: [{ id: 'own', apiKey: 'callers', weight: 1 }],
    callers: { scope: 'abc', name: 'one', ownHost },
    ...provider,
  };
}

const OTHER = own({ id: 'mine', name: 'Mine', aliases: [], baseUrl: 'https://mine.example.com' }, true);

describe('a catalogue with another account at a provider', () => {
  const catalog = overlaySnapshot(BASE, [{ provider: own({}, false), isKnown: true }]);
  const model = catalog.resolve('m1')?.model;

  it('serves its endpoints with it, at the known price and under the known policy', () => {
    const [endpoint, untouched] = model?.endpoints ?? [];
    expect(endpoint?.provider.credentials[0]?.apiKey).toBe('callers');
    expect(endpoint?.price.prompt).toBe(1_000_000);
    expect(endpoint?.dataPolicy).toMatchObject({ trains: false, regions: ['eu'] });
    expect(untouched).toBe(BASE.resolve('m1')?.model.endpoints[1]);
  });

  it('does not carry over zero retention, which is agreed with each account', () => {
    expect(model?.endpoints[0]?.dataPolicy).toMatchObject({ zdr: null, retains: null });
  });

  it('leaves all else as it is', () => {
    expect(catalog.version).toBe('v7');
    expect(catalog.resolve('acme/m2')?.model).toBe(BASE.resolve('acme/m2')?.model);
    expect(catalog.resolve('acme/m1:nitro')?.variants).toEqual(['nitro']);
    expect(catalog.resolve('unheard/of')).toBeNull();
    expect(catalog.findProvider('The One')?.callers?.scope).toBe('abc');
    expect(catalog.findProvider('two')).toBe(BASE.findProvider('two'));
    expect(catalog.providers.map(({ id }) => id)).toEqual(['one', 'two']);
  });

  it('gives the same model each time, by any of its names', () => {
    expect(catalog.resolve('acme/m1')?.model).toBe(model);
    expect(catalog.models.find(({ id }) => id === 'acme/m1')).toBe(model);
  });
});

describe('a catalogue with another host for a provider', () => {
  const catalog = overlaySnapshot(BASE, [{ provider: own({ baseUrl: 'https://x.example.com' }, true), isKnown: true }]);

  it('knows nothing of its price and its policy', () => {
    const [endpoint] = catalog.resolve('acme/m1')?.model.endpoints ?? [];
    expect(endpoint).toMatchObject({
      price: { prompt: null, completion: null },
      priceTiers: [],
      quantization: null,
      supportedParameters: null,
      dataPolicy: { trains: null, retains: null, zdr: null, regions: [] },
    });
  });
});

describe('a catalogue with a provider that it does not know', () => {
  const catalog = overlaySnapshot(BASE, [{ provider: OTHER, isKnown: false }]);

  it('has it serve whatever is asked for, by the id as sent', () => {
    const known = catalog.resolve('m1')?.model;
    expect(known?.id).toBe('acme/m1');
    expect(known?.endpoints.at(-1)).toMatchObject({ tag: 'mine', upstreamModel: 'm1', price: { prompt: null } });
    const unknown = catalog.resolve('llama3:8b');
    expect(unknown).toMatchObject({ model: { id: 'llama3:8b', endpoints: [{ tag: 'mine' }] }, variants: [] });
    expect(unknown?.model.endpoints[0]?.upstreamModel).toBe('llama3:8b');
  });

  it.each([
    ['llama3:8b:nitro', 'llama3:8b', ['nitro']],
    ['house/model:Floor:free', 'house/model', ['floor', 'free']],
    [':nitro', ':nitro', []],
  ])('takes the variants off %s', (id, upstreamModel, variants) => {
    const resolved = overlaySnapshot(BASE, [{ provider: OTHER, isKnown: false }]).resolve(id);
    expect(resolved?.variants).toEqual(variants);
    expect(resolved?.model.endpoints[0]?.upstreamModel).toBe(upstreamModel);
  });

  it('does not take names that could not stand in a header', () => {
    for (const id of ['mod\nel', 'modèle', '', 'x'.repeat(300)]) expect(catalog.resolve(id)).toBeNull();
  });

  it('knows it by name', () => {
    expect(catalog.findProvider('MINE')).toBe(OTHER);
    expect(catalog.providers).toContain(OTHER);
  });
});
