import { decodeRequest, dialectOf } from '@switchyard/dialects';
import { checkBody, checkImages } from './body-guard.js';

const check = (text: string): void => {
  checkBody(decodeRequest(dialectOf('openai-chat'), Buffer.from(text), { maxDepth: 64 }));
};

describe('the guard of bodies', () => {
  it.each([
    ['{"max_tokens":1,"max_tokens":9}', 'max_tokens'],
    ['{"max_tokens":1,"max\\u005ftokens":9}', 'max_tokens'],
    ['{"api_base":"http://127.0.0.1"}', 'api_base'],
    ['{"base_url":"http://127.0.0.1"}', 'base_url'],
    ['{"baseURL":"http://127.0.0.1"}', 'baseURL'],
    ['{"API-KEY":"x"}', 'API-KEY'],
    ['{"extra_headers":{}}', 'extra_headers'],
    ['{"extra_body":{"x":1}}', 'extra_body'],
    ['{"options":{"deep":{"api_base":"x"}}}', 'options.deep.api_base'],
    ['{"stream_options":{"api_key":"x"}}', 'stream_options.api_key'],
  ])('refuses %s', (text, param) => {
    expect(() => check(text)).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: expect.objectContaining({ param }) }),
    );
  });

  it.each([
    '{"metadata":{"api_key":"mine","base_url":"x"}}',
    '{"messages":[{"role":"user","content":"api_base","base_url":"x"}]}',
    '{"tools":[{"type":"function","function":{"parameters":{"properties":{"api_key":{"type":"string"}}}}}]}',
    '{"response_format":{"json_schema":{"schema":{"properties":{"base_url":{}}}}}}',
    '{"mcp_servers":[{"url":"https://example.com","authorization_token":"x"}]}',
    '{"api_key":null,"unknown_field":{"x":1}}',
    '{"reasoning":{"effort":"low"},"logit_bias":{"1":2}}',
  ])('lets %s pass', (text) => {
    expect(() => check(text)).not.toThrow();
  });

  it('bounds the images of a request', () => {
    expect(() => checkImages({ images: 100 } as never, 100)).not.toThrow();
    expect(() => checkImages({ images: 101 } as never, 100)).toThrow('at most 100 images');
  });
});
