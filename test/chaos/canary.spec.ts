import { scan } from './experiments/canary.js';

const TEST_MAX_MS = 90_000;

describe('secrets and content', () => {
  it(
    'are in no log, metric, error, file, Redis value or row, whatever happens to a request',
    async () => {
      const verdict = await scan('canary', { program: 'sources', isShared: true, awaitsAlert: false });
      expect(verdict.failures).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
