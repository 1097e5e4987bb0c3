import { loadConfig } from './load-config.js';

const noticesOf = (text: string): string[] =>
  loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).notices.map(
    ({ path, message }) => `${path}: ${message}`,
  );

describe('a setting that nothing acts on yet', () => {
  it.each([
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
