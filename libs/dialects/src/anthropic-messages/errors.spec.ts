import { GatewayError } from '@switchyard/contract';
import type { FailureClass } from '@switchyard/contract';
import fc from 'fast-check';
import { embeddedFailure, readError } from './errors.js';
import { writeError, writeStreamError } from './write-error.js';

function body(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' });
}
const bad = (message: string): string => body('invalid_request_error', message);

describe('an upstream error is classified', () => {
  it.each<[number, string, FailureClass]>([
    [400, bad('prompt is too long: 250000 tokens > 200000 maximum'), 'context_length'],
    [400, bad('input length and `max_tokens` exceed context limit: 190000 + 128000 > 200000'), 'context_length'],
    [
      422,
      JSON.stringify({ error: { message: "This model's maximum context length is 8192 tokens" } }),
      'context_length',
    ],
    [
      400,
      bad('messages.1.content.0: tool_use ids were found without tool_result blocks immediately after'),
      'invalid_request',
    ],
    [400, bad('max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens'), 'invalid_request'],
    [400, bad('Your credit balance is too low to access the Anthropic API.'), 'billing'],
    [400, bad('messages.1.content.0: Invalid `signature` in `thinking` block'), 'endpoint_specific'],
    [400, bad('tools.3.defer_loading: Extra inputs are not permitted'), 'endpoint_specific'],
    [400, bad('This model does not support assistant message prefill.'), 'endpoint_specific'],
    [400, bad('too many images: 101 > 100 maximum'), 'endpoint_specific'],
    [400, bad('Output blocked by content filtering policy'), 'content_policy'],
    [400, body('policy_blocked', 'no'), 'content_policy'],
    [400, '', 'invalid_request'],
    [401, body('authentication_error', 'invalid x-api-key'), 'auth'],
    [403, body('permission_error', 'no'), 'auth'],
    [402, '', 'billing'],
    [404, body('not_found_error', 'model: x'), 'not_found'],
    [408, '', 'timeout'],
    [409, body('conflict_error', 'x'), 'server'],
    [413, body('request_too_large', 'Request exceeds the maximum size'), 'too_large'],
    [413, bad('larger than the context window'), 'context_length'],
    [429, body('rate_limit_error', 'slow down'), 'rate_limited'],
    [429, body('billing_error', 'cap'), 'billing'],
    [429, '{"error":{"code":"insufficient_quota","message":"quota"}}', 'billing'],
    [302, '', 'invalid_answer'],
    [500, body('api_error', 'x'), 'server'],
    [500, bad('prompt is too long'), 'server'],
    [501, body('not_supported', 'x'), 'not_found'],
    [502, '<html><body>Bad gateway</body></html>', 'server'],
    [503, 'upstream connect error', 'overloaded'],
    [504, '', 'timeout'],
    [529, body('overloaded_error', 'Overloaded'), 'overloaded'],
  ])('%i %s is %s', (status, text, expected) => {
    expect(readError(status, text, {})).toMatchObject({ class: expected, status });
  });

  it.each([
    ['messages.1.content.0: Invalid signature in thinking block', 'thinking_signature'],
    ['"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"', 'thinking_type:enabled'],
    ['adaptive thinking is not supported on this model', 'thinking_type:adaptive'],
    ['This model does not support the effort parameter.', 'effort_unsupported'],
    ['output_config.effort: Extra inputs are not permitted', 'effort_unsupported'],
    ['output_config.format: Extra inputs are not permitted', 'structured_outputs_unsupported'],
    ["messages.1.role: Input should be 'user' or 'assistant'", 'mid_conv_system'],
    ['messages.1.content.0.cache_control: Extra inputs are not permitted', 'cache_control_field'],
  ])('hides the wording of %j behind a word that clients know', (message, word) => {
    expect(readError(400, bad(message), {}).message).toBe(`capability_rejected: ${word}`);
  });

  it('keeps the wording only where clients act on it', () => {
    const wording = 'prompt is too long: 250000 tokens > 200000 maximum';
    expect(readError(400, bad(wording), {}).message).toBe(wording);
    expect(readError(413, body('request_too_large', 'Too big'), {}).message).toBe('Too big');
    for (const status of [401, 403, 404, 429, 500, 503]) {
      expect(readError(status, body('x', 'secret account of Bob'), {}).message).not.toMatch(/Bob/);
    }
  });

  it('keeps no key or address in a wording that passes', () => {
    expect(
      readError(400, bad('bad url https://host.example/?key=AIza123 for sk-ant-api03-abcdefghijkl'), {}).message,
    ).toBe('bad url [url] for [secret]');
  });

  it.each([
    [{ 'retry-after': '12' }, 12],
    [{ 'retry-after-ms': '250' }, 0.25],
    [{ date: 'Fri, 20 Nov 2026 16:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 16:00:20 GMT' }, 20],
    [{ 'retry-after': 'Fri, 20 Nov 2026 16:00:20 GMT' }, undefined],
  ])('reads how long to wait from %j', (headers, expected) => {
    expect(readError(429, '', headers).retryAfterS).toBe(expected);
  });

  it.each<[unknown, FailureClass]>([
    [{ type: 'error', error: { type: 'overloaded_error', message: 'x' } }, 'overloaded'],
    [{ type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long' } }, 'context_length'],
    [{ error: { code: 402, message: 'x' } }, 'billing'],
    [{ error: { message: 'x' } }, 'server'],
    [{ type: 'error' }, 'server'],
  ])('also inside a 200: %j', (value, expected) => {
    expect(embeddedFailure(value as Parameters<typeof embeddedFailure>[0]).class).toBe(expected);
  });

  it('whatever the status and the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
        expect(typeof readError(status, text, {}).class).toBe('string');
      }),
    );
  });
});

describe('an error for an Anthropic client', () => {
  const error = new GatewayError('no_eligible_endpoint', 'None left.', {
    availability: { code: 'constraint_filtered' },
    metadata: { error_type: 'not_found', previous_errors: [] },
  });

  it('has the shape of the API, and what else is known of it', () => {
    expect(writeError(error, 'req_9')).toEqual({
      type: 'error',
      error: {
        type: 'not_found_error',
        message: 'None left.',
        error_type: 'not_found',
        availability: { code: 'constraint_filtered' },
        metadata: { error_type: 'not_found', previous_errors: [] },
      },
      request_id: 'req_9',
    });
    expect(writeError(new GatewayError('overloaded', 'Busy.'), 'r')).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Busy.' },
      request_id: 'r',
    });
  });

  it('ends a stream as an event of its own', () => {
    expect(writeStreamError(error, 'req_9')).toBe(
      `event: error\ndata: ${JSON.stringify(writeError(error, 'req_9'))}\n\n`,
    );
  });
});
