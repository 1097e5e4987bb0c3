import fc from 'fast-check';
import { ThinkTagSplitter } from './think-tags.js';
import type { TextPiece } from './think-tags.js';

function split(
  fragments: readonly string[],
  mode: 'leading' | 'anywhere' = 'leading',
): Record<TextPiece['kind'], string> {
  const splitter = new ThinkTagSplitter(mode);
  const result = { text: '', thinking: '' };
  for (const piece of [...fragments.flatMap((fragment) => splitter.push(fragment)), ...splitter.end()]) {
    result[piece.kind] += piece.text;
  }
  return result;
}

describe('think tags in text', () => {
  it.each([
    ['a leading tag', '<think>a</think>\n\nb', { thinking: 'a', text: 'b' }],
    ['a leading tag after white space', '\n <think>\na</think>b', { thinking: 'a', text: 'b' }],
    ['no tag', 'plain <b>text</b>', { thinking: '', text: 'plain <b>text</b>' }],
    ['a tag that is talked about', 'Write <think>x</think> so.', { thinking: '', text: 'Write <think>x</think> so.' }],
    ['a second tag', '<think>a</think>b<think>c</think>', { thinking: 'a', text: 'b<think>c</think>' }],
    ['a tag that never closes', '<think>a', { thinking: 'a', text: '' }],
    ['half a tag', '<thi', { thinking: '', text: '<thi' }],
    ['half a closing tag', '<think>a</thi', { thinking: 'a</thi', text: '' }],
    ['blank lines around nothing', '<think>\n\n</think>\n\n', { thinking: '', text: '' }],
    ['an opened tag and blank lines', '<think>\n', { thinking: '', text: '' }],
    ['nothing', '', { thinking: '', text: '' }],
  ])('tells reasoning from text: %s', (_case, text, expected) => {
    expect(split([text])).toEqual(expected);
  });

  it('finds later tags only where the host is known for them', () => {
    expect(split(['a<think>b</think>c'], 'anywhere')).toEqual({ text: 'ac', thinking: 'b' });
  });

  const pieces = fc.array(fc.constantFrom('<think>', '</think>', '<thi', 'nk>', '</', '<', '\n', ' ', 'a', 'é😀'), {
    maxLength: 12,
  });

  it.each(['leading', 'anywhere'] as const)('gives the same however the text is cut (%s)', (mode) => {
    fc.assert(
      fc.property(pieces, (fragments) => {
        expect(split(fragments, mode)).toEqual(split([fragments.join('')], mode));
        expect(split([...fragments.join('')], mode)).toEqual(split([fragments.join('')], mode));
      }),
    );
  });

  it('loses no character of a text without tags', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (fragments) => {
        const text = fragments.join('');
        fc.pre(!text.includes('think>'));
        expect(split(fragments, 'anywhere')).toEqual({ text, thinking: '' });
      }),
    );
  });
});
