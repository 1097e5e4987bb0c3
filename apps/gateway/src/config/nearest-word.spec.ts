import { nearestWord } from './nearest-word.js';

describe('the nearest word', () => {
  it.each([
    ['wrkers', ['host', 'workers'], 'workers'],
    ['opsPort', ['port', 'ops_port'], 'ops_port'],
    ['base-url', ['base_url'], 'base_url'],
    ['polici', ['policy', 'models'], 'policy'],
    ['zrd', ['zdr', 'sort'], null],
    ['xyz', ['host', 'workers'], null],
    ['anything', [], null],
  ])('to %s among %j is %s', (word, known, expected) => {
    expect(nearestWord(word, known)).toBe(expected);
  });

  it('takes no time over a word that is far too long', () => {
    expect(nearestWord('x'.repeat(1_000_000), ['workers'])).toBeNull();
  });
});
