import { anthropicMessages } from './index.js';

describe('the Anthropic dialect', () => {
  it('signs in with the key in its own header, and with an OAuth token as a bearer', () => {
    expect(anthropicMessages.signIn('sk-ant-api03-x')).toEqual({
      'x-api-key': 'sk-ant-api03-x',
      'anthropic-version': '2023-06-01',
    });
    expect(anthropicMessages.signIn('sk-ant-oat01-x')).toEqual({
      authorization: 'Bearer sk-ant-oat01-x',
      'anthropic-version': '2023-06-01',
    });
  });

  it('keeps a stream open by a ping once the message has begun, by a comment before', () => {
    expect(anthropicMessages.keepAlive(true)).toBe('event: ping\ndata: {"type":"ping"}\n\n');
    expect(anthropicMessages.keepAlive(false)).toMatch(/^:.*\n\n$/);
  });
});
