import fc from 'fast-check';
import { Signer } from './signature.js';

describe('a signature of thinking', () => {
  it('fits its own text and no other', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (text, other) => {
        const signer = new Signer(1);
        expect(signer.verify(text, signer.sign(text))).toBe(true);
        expect(signer.verify(other, signer.sign(text))).toBe(text === other);
      }),
    );
  });

  it('fits a withheld text', () => {
    expect(new Signer(1).verify('', new Signer(1).sign('secret thought'))).toBe(true);
  });

  it('is not taken from another seed, nor forged', () => {
    const signature = new Signer(2).sign('thought');
    expect(new Signer(1).verify('thought', signature)).toBe(false);
    expect(new Signer(1).verify('', signature)).toBe(false);
    expect(new Signer(1).verify('', '')).toBe(false);
    fc.assert(fc.property(fc.base64String(), (forged) => !new Signer(1).verify('', forged)));
  });
});
