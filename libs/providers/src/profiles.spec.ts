import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Provider } from '@switchyard/contract';
import { parse } from 'yaml';
import { PROVIDER_PROFILES, profileFor } from './index.js';

interface BuiltinFile {
  readonly providers?: {
    readonly id: string;
    readonly name: string;
    readonly dialect: string;
    readonly base_url?: string;
    readonly credential_env?: string;
  }[];
  readonly models?: {
    readonly id: string;
    readonly endpoints: { readonly provider: string; readonly supported_parameters: string[] }[];
  }[];
}

const FOLDER = join(import.meta.dirname, '../../../config/catalog');
const files = readdirSync(FOLDER).map((name) => parse(readFileSync(join(FOLDER, name), 'utf8')) as BuiltinFile);
const builtin = files.flatMap((file) => file.providers ?? []);
const SPOKEN = ['anthropic-messages', 'openai-chat'];

const provider: Provider = {
  id: 'mine',
  name: 'Mine',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1:9101/v1',
  credentials: [],
  needsCredential: false,
  dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
  profile: 'mine',
  timeouts: {},
  headers: {},
};

describe('profileFor', () => {
  it('finds the profile that a provider names', () => {
    expect(profileFor({ ...provider, profile: 'mistral' })).toMatchObject({
      id: 'mistral',
      deviations: { toolIds: 'alnum9' },
    });
  });

  it('takes an unknown host to follow its dialect to the letter', () => {
    expect(profileFor(provider)).toMatchObject({ id: 'mine', dialect: 'openai-chat', deviations: {}, quirks: [] });
  });

  it('does not apply the profile of another dialect', () => {
    const foreign = profileFor({ ...provider, profile: 'mistral', dialect: 'anthropic-messages' });
    expect(foreign).toMatchObject({ id: 'mine', dialect: 'anthropic-messages', deviations: {} });
  });

  it('keeps the reasoning signatures of two unknown hosts apart', () => {
    expect(profileFor(provider).id).not.toBe(profileFor({ ...provider, id: 'yours', profile: 'yours' }).id);
  });
});

describe('the profiles', () => {
  it.each([
    'anthropic',
    'openai',
    'groq',
    'together',
    'fireworks',
    'deepinfra',
    'novita',
    'baseten',
    'cerebras',
    'deepseek',
    'moonshotai',
    'minimax',
    'alibaba',
    'zai',
    'xai',
    'mistral',
    'openrouter',
    'vllm',
    'ollama',
    'google',
    'azure',
  ])('cover %s', (id) => {
    expect(PROVIDER_PROFILES.map((profile) => profile.id)).toContain(id);
  });

  it('have an id each', () => {
    const ids = PROVIDER_PROFILES.map((profile) => profile.id);
    expect(ids).toEqual([...new Set(ids)]);
  });
});

describe.each(PROVIDER_PROFILES.map((profile) => [profile.id, profile] as const))(
  'the profile of %s',
  (id, profile) => {
    const { deviations } = profile;

    it('has a link for every quirk', () => {
      expect(profile.quirks.filter((quirk) => quirk.what === '' || !URL.canParse(quirk.source))).toEqual([]);
      expect(profile.quirks.filter((quirk) => !quirk.source.startsWith('https://'))).toEqual([]);
    });

    it('explains every deviation by a quirk, and claims none that it does not have', () => {
      const explained = new Set(profile.quirks.flatMap((quirk) => quirk.answeredBy ?? []));
      expect([...explained].sort()).toEqual(Object.keys(deviations).sort());
    });

    it('does not contradict itself', () => {
      const rejects = deviations.rejects ?? [];
      expect(rejects.filter((name) => deviations.accepts?.includes(name))).toEqual([]);
      expect(rejects).not.toContain(deviations.maxTokensField);
      expect(deviations.temperatureMin ?? 0).toBeLessThan(deviations.temperatureMax ?? 2);
      if (deviations.reasoningInputRequired === true) expect(deviations.reasoningInput).toBe('reasoning_content');
    });

    it('signs in exactly when it names where the credential is', () => {
      expect(profile.needsCredential).toBe(profile.credentialEnv !== null);
    });

    it('has a base URL that the path of the dialect can be appended to', () => {
      if (profile.baseUrl !== null) {
        expect(profile.baseUrl).not.toMatch(/\/$/);
        if (profile.dialect === 'anthropic-messages') expect(profile.baseUrl).not.toMatch(/\/v1$/);
      }
    });

    it('agrees with the built-in catalogue', () => {
      const entry = builtin.find((candidate) => candidate.id === id);
      if (entry === undefined) {
        expect(profile.needsCredential).toBe(false);
        return;
      }
      expect(entry).toMatchObject({
        name: profile.name,
        dialect: profile.dialect,
        credential_env: profile.credentialEnv,
      });
      expect(entry.base_url ?? null).toBe(profile.baseUrl);
    });

    it('rejects nothing that the built-in catalogue offers', () => {
      const offered = files
        .flatMap((file) => file.models ?? [])
        .flatMap((model) => model.endpoints.filter((endpoint) => endpoint.provider === id))
        .flatMap((endpoint) => endpoint.supported_parameters);
      expect((deviations.rejects ?? []).filter((name) => offered.includes(name))).toEqual([]);
      if (deviations.jsonSchema === false) expect(offered).not.toContain('structured_outputs');
    });
  },
);

describe('the built-in catalogue', () => {
  it.each(builtin.filter((entry) => SPOKEN.includes(entry.dialect)).map((entry) => [entry.id] as const))(
    'has a profile for %s',
    (id) => {
      expect(PROVIDER_PROFILES.map((profile) => profile.id)).toContain(id);
    },
  );
});
