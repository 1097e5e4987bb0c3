import fc from 'fast-check';
import { ERRORS, FAILURE_CLASSES, GatewayError } from '@switchyard/contract';
import type { ErrorCode, FailureClass, JsonObject } from '@switchyard/contract';
import { context, payloadsOf } from './dialect.fixture.js';
import { openaiChat } from './index.js';

const errorBody = (error: JsonObject) => JSON.stringify({ error });

describe('an upstream error', () => {
  it.each<[number, string, FailureClass]>([
    [
      400,
      errorBody({ message: 'messages: expected array', type: 'invalid_request_error', code: null }),
      'invalid_request',
    ],
    [400, errorBody({ message: 'x', code: 'context_length_exceeded' }), 'context_length'],
    [400, errorBody({ message: "This model's maximum context length is 128000 tokens." }), 'context_length'],
    [413, errorBody({ message: 'Please reduce the length of the messages' }), 'context_length'],
    [400, errorBody({ message: 'x', code: 'content_policy_violation' }), 'content_policy'],
    [400, errorBody({ message: 'x', code: 'content_filter', innererror: {} }), 'content_policy'],
    [
      400,
      errorBody({
        message: "Unsupported parameter: 'temperature'",
        param: 'temperature',
        code: 'unsupported_parameter',
      }),
      'endpoint_specific',
    ],
    [
      400,
      errorBody({
        message: "Unsupported parameter: 'temperature' is not supported with this model.",
        param: 'temperature',
        code: null,
      }),
      'endpoint_specific',
    ],
    [
      400,
      errorBody({ message: 'Function tools with reasoning_effort are not supported for gpt-5.6, use /v1/responses' }),
      'endpoint_specific',
    ],
    [
      400,
      errorBody({ message: 'The reasoning_content in the thinking mode must be passed back to the API.' }),
      'endpoint_specific',
    ],
    [
      400,
      errorBody({ message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' }),
      'auth',
    ],
    [400, errorBody({ message: 'Access denied', code: 'Arrearage' }), 'billing'],
    [400, errorBody({ message: 'The model `x` does not exist', code: 'model_not_found' }), 'not_found'],
    [401, errorBody({ message: 'Incorrect API key provided', code: 'invalid_api_key' }), 'auth'],
    [402, errorBody({ message: 'Insufficient Balance' }), 'billing'],
    [403, errorBody({ message: 'no', code: 'unsupported_country_region_territory' }), 'auth'],
    [403, errorBody({ message: 'flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } }), 'content_policy'],
    [404, errorBody({ message: 'no model' }), 'not_found'],
    [408, '', 'timeout'],
    [409, '{}', 'server'],
    [413, '', 'too_large'],
    [413, errorBody({ message: 'Request too large', code: 'rate_limit_exceeded' }), 'rate_limited'],
    [422, '{"detail":[{"loc":["body","messages"],"msg":"field required"}]}', 'invalid_request'],
    [424, '', 'server'],
    [429, errorBody({ message: 'Rate limit reached', code: 'rate_limit_exceeded' }), 'rate_limited'],
    [429, errorBody({ message: 'You exceeded your current quota', code: 'insufficient_quota' }), 'billing'],
    [498, '', 'overloaded'],
    [500, '<html>Internal Server Error</html>', 'server'],
    [502, 'bad gateway', 'server'],
    [503, '', 'overloaded'],
    [504, '', 'timeout'],
    [524, '', 'timeout'],
    [529, '', 'overloaded'],
    [
      400,
      '[{"error":{"code":400,"message":"The input token count exceeds the maximum number of tokens allowed"}}]',
      'context_length',
    ],
    [
      400,
      errorBody({
        message: 'Provider returned error',
        metadata: { raw: '{"error":{"message":"prompt is too long: 9 tokens > 5 maximum"}}' },
      }),
      'context_length',
    ],
  ])('%i %s is %s', (status, body, expected) => {
    expect(openaiChat.readError(status, body, {})).toMatchObject({ class: expected, status });
  });

  it('passes the wording that clients act on, and the field', () => {
    const body = errorBody({ message: 'prompt is too long: 250000 tokens > 200000 maximum', param: 'messages' });
    expect(openaiChat.readError(400, body, {})).toMatchObject({
      message: 'prompt is too long: 250000 tokens > 200000 maximum',
      param: 'messages',
    });
  });

  it('hides the words of every other class, and credentials in those that pass', () => {
    const secret = 'sk-proj-abcdefghijklmnop1234';
    for (const status of [401, 403, 404, 429, 500, 503]) {
      expect(openaiChat.readError(status, errorBody({ message: `key ${secret}` }), {}).message).not.toContain('key sk');
    }
    expect(openaiChat.readError(400, errorBody({ message: `bad field, key ${secret}` }), {}).message).not.toContain(
      secret,
    );
  });

  it('tells how long to wait', () => {
    expect(openaiChat.readError(429, '', { 'retry-after': '7' }).retryAfterS).toBe(7);
    expect(openaiChat.readError(429, '', { 'retry-after': '1m2s' }).retryAfterS).toBe(62);
    expect(openaiChat.readError(429, '', {})).not.toHaveProperty('retryAfterS');
  });

  it('has a class whatever the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const failure = openaiChat.readError(status, body, {});
        expect(FAILURE_CLASSES).toContain(failure.class);
        expect(failure.message).not.toBe('');
      }),
    );
  });
});

describe('an error for a chat client', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s has the words of the table', (code) => {
    const body = openaiChat.writeError(new GatewayError(code, 'text'), 'req_1');
    const row = ERRORS[code];
    expect(body).toMatchObject({
      error: {
        message: 'text',
        type: row.openai.type,
        param: null,
        code: row.openai.code,
        http_status: row.status.openai,
      },
      request_id: 'req_1',
    });
    expect((body['error'] as JsonObject)['metadata']).toEqual({
      error_type: (body['error'] as JsonObject)['error_type'],
    });
  });

  it('carries param, availability, metadata and the kind of limit', () => {
    const error = new GatewayError('no_eligible_endpoint', 'none', {
      param: 'provider_only',
      availability: { code: 'no_endpoints' },
      metadata: { previous_errors: [] },
      openaiType: 'tokens',
    });
    expect(openaiChat.writeError(error, 'r')['error']).toEqual({
      message: 'none',
      type: 'tokens',
      param: 'provider_only',
      code: 'no_eligible_endpoint',
      error_type: 'not_found',
      http_status: 404,
      metadata: { previous_errors: [], error_type: 'not_found' },
      availability: { code: 'no_endpoints' },
    });
  });

  it('in a stream is a whole chunk that ends it, without [DONE]', () => {
    const text = openaiChat.writeStreamError(new GatewayError('overloaded', 'busy'), 'r', context());
    expect(payloadsOf(text)).toHaveLength(1);
    expect(JSON.parse(payloadsOf(text)[0]!)).toMatchObject({
      id: 'chatcmpl-g1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'acme/m1',
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      error: { message: 'busy', type: 'server_error', code: 'overloaded' },
    });
  });
});

describe('the line to an upstream', () => {
  it('signs in with a bearer token, and with nothing where no credential is needed', () => {
    expect(openaiChat.signIn('k')).toEqual({ authorization: 'Bearer k' });
    expect(openaiChat.signIn('')).toEqual({});
    expect(openaiChat.path).toBe('/chat/completions');
  });

  it('is kept open by a comment', () => {
    expect(openaiChat.keepAlive(true)).toBe(': keep-alive\n\n');
    expect(openaiChat.keepAlive(false)).toBe(': keep-alive\n\n');
  });
});
