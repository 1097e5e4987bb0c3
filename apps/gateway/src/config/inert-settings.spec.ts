import { loadConfig } from './load-config.js';

const noticesOf = (text: string): string[] =>
  loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).notices.map(
    ({ path, message }) => `${path}: ${message}`,
  );

describe('a setting that nothing acts on yet', () => {
  it.each([
    ['limits of a key', 'keys: [{ id: a, key: sk-switchyard-test, limits: { concurrency: 1 } }]', 'keys[0].limits'],
    ['limits of a tenant', 'tenants: [{ id: t, limits: { budget_usd: { day: 1 } } }]', 'tenants[0].limits'],
    ['Redis', 'redis: { url: "redis://127.0.0.1:6379" }', 'redis'],
    ['a database', 'database: { url: "postgres://127.0.0.1/switchyard" }', 'database'],
    ['hashing of users', 'security: { hash_user: true }', 'security.hash_user'],
    ['draining of cancelled requests', 'routing: { cancel_stops_billing: false }', 'routing.cancel_stops_billing'],
  ])('is reported: %s', (_name, text, path) => {
    expect(
      noticesOf(text).filter((notice) => notice.startsWith(`${path}: `) && notice.includes('by this version')),
    ).toHaveLength(1);
  });

  it('is not reported when it is not set', () => {
    expect(
      noticesOf('keys: [{ id: a, key: sk-switchyard-test }]').filter((notice) => notice.includes('by this version')),
    ).toEqual([]);
  });
});
