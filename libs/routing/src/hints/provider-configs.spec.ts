import { GatewayError } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import fc from 'fast-check';
import { readProviderConfigs } from './provider-configs.js';

const KEY = 'sk-callers-secret-0123';

function faultOf(configs: JsonObject): GatewayError {
  try {
    readProviderConfigs(configs);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

function entry(fields: JsonObject): JsonObject {
  return { mine: { api_key: KEY, ...fields } };
}

describe('provider_configs', () => {
  it('are read as they were written', () => {
    const [config] = readProviderConfigs({
      mine: {
        api_key: KEY,
        base_url: 'https://llm.example.com/v1',
        auth_type: 'custom',
        auth_header_name: 'X-My-Key',
        headers: { 'X-Team': ' blue ' },
        timeout_ms: 30_000,
        rate_limit_rpm: 60,
      },
    });
    expect(config).toEqual({
      name: 'mine',
      apiKey: KEY,
      baseUrl: 'https://llm.example.com/v1',
      authType: 'custom',
      authHeaderName: 'x-my-key',
      headers: { 'x-team': 'blue' },
      timeoutMs: 30_000,
      rateLimitRpm: 60,
    });
  });

  it('take zero values for unset', () => {
    const zeros = {
      base_url: '',
      auth_type: '',
      auth_header_name: null,
      headers: {},
      timeout_ms: 0,
      rate_limit_rpm: 0,
      health_endpoint: '',
      retry_config: {},
    };
    expect(readProviderConfigs(entry(zeros))).toEqual(readProviderConfigs(entry({})));
  });

  it('may bound the time of a provider without an account', () => {
    expect(readProviderConfigs({ openai: { timeout_ms: 5_000 } })[0]).toMatchObject({ apiKey: null, timeoutMs: 5_000 });
  });

  it.each<[JsonObject, string, string]>([
    [{ api_key: 7 }, 'api_key', 'string'],
    [{ api_key: 'has blanks' }, 'api_key', 'printable ASCII'],
    [{ api_key: 'line\r\nbreak' }, 'api_key', 'printable ASCII'],
    [{ api_key: 'x'.repeat(5_000) }, 'api_key', '4096'],
    [{ base_url: true }, 'base_url', 'string'],
    [{ auth_type: 'oauth' }, 'auth_type', 'bearer, api_key, basic, custom'],
    [{ auth_type: 'custom' }, 'auth_header_name', 'required'],
    [{ auth_header_name: 'x-key' }, 'auth_header_name', 'auth_type'],
    [{ auth_type: 'bearer', auth_header_name: 'x-key' }, 'auth_header_name', 'auth_type'],
    [{ auth_type: 'custom', auth_header_name: 'host' }, 'auth_header_name', 'header'],
    [{ auth_type: 'custom', auth_header_name: 'Content-Length' }, 'auth_header_name', 'header'],
    [{ auth_type: 'custom', auth_header_name: 'x key' }, 'auth_header_name', 'header'],
    [{ auth_type: 'basic' }, 'api_key', 'user:password'],
    [{ headers: [] }, 'headers', 'object'],
    [{ headers: { 'x-a': 7 } }, 'headers', 'strings'],
    [{ headers: { 'x-a': 'line\r\nx-b: c' } }, 'headers', 'printable'],
    [{ headers: { 'x\r\ny': 'a' } }, 'headers', 'header names'],
    [{ headers: { 'x-a': 'a', 'X-A': 'b' } }, 'headers', 'once'],
    [{ auth_type: 'custom', auth_header_name: 'x-a', headers: { 'X-A': 'b' } }, 'headers', 'api_key'],
    [{ timeout_ms: 999 }, 'timeout_ms', '1000 to 120000'],
    [{ timeout_ms: 120_001 }, 'timeout_ms', '1000 to 120000'],
    [{ timeout_ms: 1_000.5 }, 'timeout_ms', 'whole'],
    [{ timeout_ms: '30000' }, 'timeout_ms', 'whole'],
    [{ rate_limit_rpm: 100_001 }, 'rate_limit_rpm', '1 to 100000'],
    [{ health_endpoint: '/health' }, 'health_endpoint', 'not supported'],
    [{ retry_config: { max_retries: 3 } }, 'retry_config', 'not supported'],
    [{ url: 'https://llm.example.com' }, 'url', 'base_url'],
    [{ apikey: KEY }, 'apikey', 'api_key'],
    [{ timeout: 3 }, 'timeout', 'timeout_ms'],
  ])('%j is refused at its field', (fields, field, word) => {
    const fault = faultOf(entry(fields));
    expect(fault.code).toBe('invalid_request');
    expect(fault.details.param).toBe(`provider_configs.mine.${field}`);
    expect(fault.message).toContain(word);
  });

  it.each(['host', 'Connection', 'transfer-encoding', 'content-length', 'TE', 'upgrade', 'proxy-authorization'])(
    'may not set the header %s',
    (name) => {
      expect(faultOf(entry({ headers: { [name]: 'x' } })).details.param).toBe('provider_configs.mine.headers');
    },
  );

  it.each(['Authorization', 'x-api-key', 'cookie', 'x-forwarded-for', 'content-type', 'x-switchyard-model'])(
    'may not set the header %s either',
    (name) => {
      expect(faultOf(entry({ headers: { [name]: 'x' } })).details.param).toBe('provider_configs.mine.headers');
    },
  );

  it.each<[JsonObject, string]>([
    [{ base_url: 'https://llm.example.com' }, 'base_url'],
    [{ auth_type: 'bearer' }, 'auth_type'],
    [{ headers: { 'x-a': 'b' } }, 'headers'],
    [{ rate_limit_rpm: 5 }, 'rate_limit_rpm'],
  ])('%j needs a credential of its own: the operator’s is not lent', (fields, field) => {
    const fault = faultOf({ openai: fields });
    expect(fault.details.param).toBe('provider_configs.openai.api_key');
    expect(fault.message).toContain(field);
  });

  it.each<[JsonObject, string]>([
    [{ mine: 'sk-1' }, 'provider_configs.mine'],
    [{ mine: null }, 'provider_configs.mine'],
    [{ mine: {} }, 'provider_configs.mine'],
    [{ mine: { api_key: '' } }, 'provider_configs.mine'],
    [{ 'a/b': { api_key: KEY } }, 'provider_configs'],
    [{ 'line\nbreak': { api_key: KEY } }, 'provider_configs'],
    [{ ['n'.repeat(65)]: { api_key: KEY } }, 'provider_configs'],
    [Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`p${n}`, { api_key: KEY }])), 'provider_configs'],
  ])('%j is refused as a whole', (configs, param) => {
    expect(faultOf(configs).details.param).toBe(param);
  });

  it('never repeat a value in a complaint', () => {
    const secret = fc.string({ minLength: 12, maxLength: 40, unit: fc.constantFrom(...'qzxjkvw!§\n') });
    const field = fc.constantFrom(
      'api_key',
      'base_url',
      'auth_type',
      'auth_header_name',
      'timeout_ms',
      'health_endpoint',
      'retry_config',
    );
    fc.assert(
      fc.property(fc.dictionary(field, secret, { minKeys: 1 }), secret, (fields, header) => {
        const configs = { mine: { ...fields, headers: { [header]: header } as JsonValue } };
        const { message, details } = faultOf(configs);
        for (const value of [...Object.values(fields), header]) {
          expect(`${message} ${details.param ?? ''}`).not.toContain(value);
        }
      }),
      { numRuns: 300 },
    );
  });
});
