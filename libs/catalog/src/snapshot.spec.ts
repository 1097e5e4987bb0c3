import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { buildSnapshot, ModelEntry, ProviderEntry } from './index.js';

const provider = { id: 'deepinfra', name: 'DeepInfra', dialect: 'openai-chat', base_url: 'http://127.0.0.1:9101/v1' };
const model = {
  id: 'acme/m1',
  aliases: ['m1'],
  endpoints: [{ provider: 'deepinfra', tag: 'deepinfra/turbo', price: { prompt: 0.1 } }],
};

describe('buildSnapshot', () => {
  it('finds a model by alias and converts its price', () => {
    const providers = [plainToInstance(ProviderEntry, provider)];
    const models = [plainToInstance(ModelEntry, model)];
    expect(providers.flatMap((entry) => validateSync(entry, { whitelist: true, forbidNonWhitelisted: true }))).toEqual(
      [],
    );
    expect(models.flatMap((entry) => validateSync(entry, { whitelist: true, forbidNonWhitelisted: true }))).toEqual([]);
    const { snapshot, faults } = buildSnapshot({ providers, models });
    expect(faults).toEqual([]);
    expect(snapshot.resolve('M1:nitro')?.model.endpoints[0]?.price.prompt).toBe(100_000);
  });
});
