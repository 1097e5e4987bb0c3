import fc from 'fast-check';
import { errorOf, readErrorBody, safeMessage } from './upstream-text.js';

describe('the wording of an upstream', () => {
  it.each([
    ['a key', 'Incorrect API key provided: sk-proj-abcdefghijklmnop1234', 'abcdefghijklmnop1234'],
    ['a bearer token', 'bad header Bearer eyJhbGciOiJIUzI1NiJ9.abc.def', 'eyJhbGciOiJIUzI1NiJ9'],
    ['a URL with a key', 'GET https://host.example/v1?key=AIzaSyA1234 failed', 'AIzaSyA1234'],
    ['a key as a parameter', 'invalid api_key=abcdef1234', 'abcdef1234'],
    ['an ARN', 'no access to arn:aws:bedrock:us-east-1:123456789012:inference-profile/x', '123456789012'],
    ['a project', 'Quota exceeded for projects/my-project-4711/locations/us', '4711'],
    ['an organisation', 'for organization org-AbCdEf123456 on tokens', 'AbCdEf123456'],
  ])('loses %s', (_, text, secret) => {
    expect(safeMessage(text)).not.toContain(secret);
  });

  it.each([
    'prompt is too long: 250000 tokens > 200000 maximum',
    'messages.1.content.0.image.source.base64: image exceeds 5 MB maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 128000 > 200000, decrease input length',
    "This model's maximum context length is 128000 tokens. However, you requested 130000 tokens.",
  ])('keeps what clients parse: %s', (text) => {
    expect(safeMessage(text)).toBe(text);
  });

  it('hides a secret that stands where the text is cut', () => {
    const text = `${'a '.repeat(240)}sk-live-0123456789abcdef0123456789abcdef`;
    expect(safeMessage(text)).not.toMatch(/0123456/);
  });

  it('is one line of at most 500 characters', () => {
    const pieces = fc.constantFrom(
      'word ',
      '\n',
      '\0',
      '\u2028',
      'https://a.example/?key=1 ',
      'sk-0123456789abcdef ',
      '€',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 300 }), (text) => {
        const safe = safeMessage(text.join(''));
        return safe.length <= 500 && !/[\n\r\0\u2028]|0123456789/.test(safe);
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    [
      "Anthropic's",
      '{"type":"error","error":{"type":"t","message":"m"}}',
      { type: 't', code: '', message: 'm', param: '' },
    ],
    [
      "OpenAI's",
      '{"error":{"type":"t","code":"c","message":"m","param":"p"}}',
      { type: 't', code: 'c', message: 'm', param: 'p' },
    ],
    ['a number as code', '{"error":{"code":429,"message":"m"}}', { type: '', code: '429', message: 'm', param: '' }],
    ["FastAPI's", '{"detail":"m"}', { type: '', code: '', message: 'm', param: '' }],
    ['an error that is text', '{"error":"m"}', { type: '', code: '', message: 'm', param: '' }],
    ['a list', '[{"error":{"message":"m"}}]', { type: '', code: '', message: 'm', param: '' }],
    ['HTML', '<html>502</html>', { type: '', code: '', message: '', param: '' }],
    ['nothing', '', { type: '', code: '', message: '', param: '' }],
    ['null', 'null', { type: '', code: '', message: '', param: '' }],
  ])('is found in %s form', (_, body, expected) => {
    expect(readErrorBody(body)).toEqual(expected);
  });

  it('is read from any JSON without throwing', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => typeof errorOf(value).message === 'string'));
  });
});
