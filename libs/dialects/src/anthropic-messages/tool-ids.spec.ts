import fc from 'fast-check';
import { decodeToolId, encodeToolId } from './tool-ids.js';

describe('tool call ids', () => {
  it('are accepted by Anthropic and read back, whatever they were', () => {
    const ids = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string().map((id) => `sw1_${id}`),
      fc.constantFrom('functions.Bash:0', 'call_1', 'sw1_', 'sw1_sw1_', 'a|b'),
    );
    fc.assert(
      fc.property(ids, (id) => {
        fc.pre(id.isWellFormed());
        expect(encodeToolId(id)).toMatch(/^[a-zA-Z0-9_-]+$/);
        expect(decodeToolId(encodeToolId(id))).toBe(id);
      }),
    );
  });

  it('stay as they are when they are legal', () => {
    expect(encodeToolId('toolu_01A-b')).toBe('toolu_01A-b');
    expect(decodeToolId('toolu_01A-b')).toBe('toolu_01A-b');
  });

  it('are not decoded when no encoder made them', () => {
    expect(decodeToolId('sw1_!!')).toBe('sw1_!!');
    expect(decodeToolId('sw1_call')).toBe('sw1_call');
  });
});
