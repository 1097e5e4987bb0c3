import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { webhookCall, webhookSignature } from './webhook.js';

describe('the signature of a webhook', () => {
  it('is the HMAC-SHA-256 of time and body, as a receiver in any language computes it', () => {
    // By openssl dgst -sha256 -hmac whsec.
    expect(webhookSignature('whsec', '{"id":"alert_1"}', 1_795_176_000_999)).toBe(
      't=1795176000,v1=cac999a6b4e91a782a98422cd02f47522480ceb2b242665e3a9314603f5c9d75',
    );
  });

  it('holds for one secret, one body and one time', () => {
    const input = fc.record({ secret: fc.string(), body: fc.string(), seconds: fc.nat() });
    const signed = ({ secret, body, seconds }: { secret: string; body: string; seconds: number }): string =>
      webhookSignature(secret, body, seconds * 1_000);
    fc.assert(
      fc.property(input, input, (one, other) => {
        const isSame = one.secret === other.secret && one.body === other.body && one.seconds === other.seconds;
        expect(signed(one) === signed(other)).toBe(isSame);
        const [, t, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signed(one))!;
        expect(createHmac('sha256', one.secret).update(`${t!}.${one.body}`).digest('hex')).toBe(digest);
      }),
    );
  });

  it('is in a header of the call and the secret is nowhere', () => {
    const call = webhookCall({ url: 'http://127.0.0.1/hook', secret: 'whsec-canary' }, '{}', 1_000);
    expect(call.headers['x-switchyard-signature']).toMatch(/^t=1,v1=/);
    expect(JSON.stringify(call)).not.toContain('whsec-canary');
  });
});
