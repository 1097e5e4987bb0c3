import { mergeEntries, type CatalogEntries } from './merge.js';
import { buildSnapshot } from './snapshot.js';

const builtin: CatalogEntries = {
  providers: [
    {
      id: 'together',
      name: 'Together',
      aliases: ['togetherai'],
      dialect: 'openai-chat',
      base_url: 'https://api.together.xyz/v1',
      credential_env: 'TOGETHER_API_KEY',
      profile: 'together',
      data_policy: { trains: false, zdr: true, regions: ['us'] },
    },
    { id: 'azure', dialect: 'openai-chat', own_base_url: true, data_policy: { trains: false } },
  ],
  models: [
    {
      id: 'acme/m1',
      name: 'M1',
      aliases: ['m1', 'shared'],
      context_length: 1000,
      traits: { sampling: false },
      endpoints: [
        { provider: 'together', price: { prompt: 1 } },
        { provider: 'together', tag: 'together/turbo', price: { prompt: 2 } },
      ],
    },
  ],
};

function merged(operator: Partial<CatalogEntries>): CatalogEntries {
  return mergeEntries(builtin, { providers: [], models: [], ...operator });
}

describe('a provider that is built in and configured', () => {
  it('keeps the built-in fields that the configuration does not state', () => {
    const [provider] = merged({
      providers: [{ id: 'together', credentials: [{ id: 'main', api_key: 'key' }] }],
    }).providers;
    expect(provider).toMatchObject({
      name: 'Together',
      base_url: 'https://api.together.xyz/v1',
      profile: 'together',
      credentials: [{ id: 'main', api_key: 'key' }],
      data_policy: { trains: false, zdr: true },
    });
  });

  it('merges the data policy field by field at the built-in address', () => {
    const [provider] = merged({ providers: [{ id: 'together', data_policy: { zdr: false } }] }).providers;
    expect(provider?.data_policy).toEqual({ trains: false, zdr: false, regions: ['us'] });
  });

  it('inherits no promise about data when traffic goes to another address', () => {
    const operator = [{ id: 'together', base_url: 'http://127.0.0.1:9101/v1', data_policy: { trains: false } }];
    const [provider] = merged({ providers: operator }).providers;
    expect(provider?.data_policy).toEqual({ trains: false });
    expect(provider?.profile).toBe('together');
  });

  it('inherits the promises of a host whose address only the account knows', () => {
    const operator = [{ id: 'azure', base_url: 'https://mine.openai.azure.com/openai/v1' }];
    expect(merged({ providers: operator }).providers[1]?.data_policy).toEqual({ trains: false });
  });

  it('drops the profile of another dialect', () => {
    const operator = [{ id: 'together', dialect: 'anthropic-messages' as const, base_url: 'http://127.0.0.1:1' }];
    expect(merged({ providers: operator }).providers[0]).not.toHaveProperty('profile');
  });

  it('is reported where the configuration repeats it', () => {
    const entries = merged({ providers: [{ id: 'together' }, { id: 'together' }] });
    expect(buildSnapshot(entries).faults).toContainEqual({
      path: 'providers[1].id',
      value: 'together',
      expected: 'an id that no other provider has',
    });
  });
});

describe('a model that is built in and configured', () => {
  it('gains endpoints, and loses those whose tag is configured anew', () => {
    const endpoints = [
      { provider: 'together', tag: 'together/turbo', price: { prompt: 9 } },
      { provider: 'mine', price: { prompt: 3 } },
    ];
    const [model] = merged({ models: [{ id: 'ACME/m1', context_length: 2000, endpoints }] }).models;
    expect(model?.endpoints).toEqual([{ provider: 'together', price: { prompt: 1 } }, ...endpoints]);
    expect(model).toMatchObject({ id: 'acme/m1', name: 'M1', context_length: 2000, traits: { sampling: false } });
  });

  it('keeps its aliases and gains the configured ones', () => {
    const [model] = merged({ models: [{ id: 'acme/m1', aliases: ['mine'] }] }).models;
    expect(model?.aliases).toEqual(['m1', 'shared', 'mine']);
  });

  it('names the place in the file of the operator when an endpoint of it is wrong', () => {
    const entries = merged({ models: [{ id: 'acme/m1', endpoints: [{ provider: 'nobody' }] }] });
    expect(buildSnapshot(entries).faults).toEqual([
      { path: 'models[0].endpoints[0].provider', value: 'nobody', expected: 'the id of a provider in providers' },
    ]);
  });
});

describe('a name that the configuration uses for something else', () => {
  it('no longer names the built-in provider', () => {
    const operator = [
      { id: 'togetherai', name: 'Together', dialect: 'openai-chat' as const, base_url: 'http://127.0.0.1:9101/v1' },
    ];
    const { snapshot, faults } = buildSnapshot(merged({ providers: operator }));
    expect(faults).toEqual([]);
    expect(snapshot.findProvider('togetherai')?.id).toBe('togetherai');
    expect(snapshot.providers.find((provider) => provider.id === 'together')).toMatchObject({
      name: 'together',
      aliases: [],
    });
  });

  it('still names it when it is only overridden', () => {
    const group: CatalogEntries = {
      ...builtin,
      providers: [...builtin.providers, { id: 'azure-2', aliases: ['azure'] }],
    };
    const { providers } = mergeEntries(group, {
      providers: [{ id: 'azure', base_url: 'https://mine.example' }],
      models: [],
    });
    expect(providers[2]).toMatchObject({ id: 'azure-2', aliases: ['azure'] });
  });

  it('no longer names the built-in model', () => {
    const { snapshot, faults } = buildSnapshot(merged({ models: [{ id: 'mine/m2', aliases: ['Shared'] }] }));
    expect(faults).toEqual([]);
    expect(snapshot.resolve('shared')?.model.id).toBe('mine/m2');
    expect(snapshot.resolve('m1')?.model.id).toBe('acme/m1');
  });
});
