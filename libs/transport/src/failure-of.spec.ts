import { errors } from 'undici';
import { failureOf } from './failure-of.js';

function coded(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.1.2.3:443 https://internal.example/v1`), { code });
}

describe('classifying a connection failure', () => {
  it.each([
    ['ENOTFOUND', /name/],
    ['EAI_AGAIN', /name/],
    ['ECONNREFUSED', /refused/],
    ['EHOSTUNREACH', /reached/],
    ['UND_ERR_CONNECT_TIMEOUT', /in time/],
    ['CERT_HAS_EXPIRED', /certificate/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /certificate/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /certificate/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /TLS/],
    ['ECONNRESET', /closed/],
    ['UND_ERR_SOCKET', /closed/],
    ['UND_ERR_DESTROYED', /stopping/],
    ['EWHATEVER', /closed/],
  ])('calls %s before an answer a matter of the connection', (code, words) => {
    const failure = failureOf(coded(code), null);
    expect(failure).toMatchObject({ class: 'connect', status: null });
    expect(failure.message).toMatch(words);
  });

  it.each([
    'ECONNRESET',
    'UND_ERR_SOCKET',
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'HPE_INVALID_EOF_STATE',
    'ETIMEDOUT',
  ])('calls %s within an answer truncated', (code) => {
    expect(failureOf(coded(code), 200)).toMatchObject({ class: 'truncated', status: 200 });
  });

  it.each<[string, Error]>([
    [
      'what is not HTTP',
      new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol (Invalid character)'),
    ],
    ['too long a head', new errors.HeadersOverflowError()],
    ['an upgrade that was not asked for', new errors.SocketError('bad upgrade')],
    ['a 100 Continue that was not asked for', new errors.SocketError('bad response')],
  ])('calls %s an invalid answer', (_, error) => {
    expect(failureOf(error, null)).toMatchObject({ class: 'invalid_answer', status: null });
    expect(failureOf(error, 500)).toMatchObject({ class: 'invalid_answer', status: 500 });
  });

  it('tells an end within the framing from broken framing', () => {
    const error = new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol (Invalid EOF state)');
    expect(failureOf(error, 200)).toMatchObject({ class: 'truncated' });
  });

  it('shows nothing of the error itself', () => {
    const secretive = [...['ECONNREFUSED', 'EPROTO', 'EWHATEVER'].map(coded), new errors.HTTPParserError('Bad <html>')];
    for (const error of secretive) {
      for (const status of [null, 200])
        expect(failureOf(error, status).message).not.toMatch(/10\.1|internal|443|html|E[A-Z]{4}/);
    }
  });

  it.each([null, undefined, 'text', new Error('no code'), { code: 7 }])('takes anything thrown: %s', (error) => {
    expect(failureOf(error, null).class).toBe('connect');
  });
});
