import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';
import { weaknessOf } from './weak-secrets.js';

const load = (text: string) => loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' });
const noticesOf = (text: string): string[] => load(text).notices.map(({ path, message }) => `${path}: ${message}`);

describe('a secret', () => {
  it.each([
    ['short', /shorter than 16/],
    ['123456789012345', /shorter than 16/],
    ['abababababababababababababababab', /few different/],
    ['sk-switchyard-local', null],
    ['a pepper of at least thirty-two bytes', null],
  ])('%s is told to be weak, or not', (secret, words) => {
    if (words === null) expect(weaknessOf(secret)).toBeNull();
    else expect(weaknessOf(secret)).toMatch(words);
  });
});

describe('a configuration with weak secrets', () => {
  it.each([
    ['a key', 'keys: [{ id: a, key: sk-short }]', 'keys[0].key: shorter than 16'],
    ['a key of one character', `keys: [{ id: a, key: ${'k'.repeat(40)} }]`, 'keys[0].key: made of very few'],
    ['the pepper', `security: { pepper: ${'p'.repeat(32)} }`, 'security.pepper: made of very few'],
    [
      'the encryption key',
      `security: { encryption_key: ${'e'.repeat(32)} }`,
      'security.encryption_key: made of very few',
    ],
    ['a pepper that replicas do not share', 'database: { url: "postgres://x/y" }', 'security.pepper: generated'],
    ['an encryption key likewise', 'database: { url: "postgres://x/y" }', 'security.encryption_key: generated'],
  ])('says so of %s, without repeating it', (_case, text, notice) => {
    const notices = noticesOf(text).filter((one) => one.startsWith(notice));
    expect(notices).toHaveLength(1);
    for (const secret of ['sk-short', 'kkkk', 'pppp', 'eeee']) expect(notices[0]).not.toContain(secret);
  });

  it('is refused where an administrator could be guessed', () => {
    const admin =
      (key: string): (() => unknown) =>
      () =>
        load(`keys: [{ id: a, key: ${key}, permissions: [admin] }]`);
    expect(admin('sk-short-admin')).toThrow(ConfigError);
    expect(admin('sk-long-enough-admin')).not.toThrow();
  });

  it.each([
    'security: { pepper: "" }',
    'security: { encryption_key: short }',
    'keys: [{ id: a, key: "" }]',
    'keys: [{ id: a, key: "1234567" }]',
  ])('is refused where there is as good as none: %s', (text) => {
    expect(() => load(text)).toThrow(ConfigError);
  });
});
