import { NO_STORED_IDENTITY, loadedFrom } from '../control/runtime-state.js';
import type { KnownIdentity, Loaded } from '../control/runtime-state.js';
import { dryRun, strandedKeys } from './golden-requests.js';
import { loadConfig } from './load-config.js';

const UNREAD: KnownIdentity = { stored: null, isComplete: false };

function loaded(sections: string, identity = NO_STORED_IDENTITY): Loaded {
  const text = `
catalog: { builtin: false }
providers:
  - { id: lab, dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", needs_credential: false, data_policy: { zdr: true } }
  - { id: host, dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", needs_credential: false }
models:
  - id: acme/m
    context_length: 1000
    endpoints:
      - { provider: lab, price: { prompt: 5, completion: 5 } }
      - { provider: host, price: { prompt: 1, completion: 1 } }
${sections.includes('keys:') ? '' : 'keys: [{ id: ci, key: sk-ci-0123456789abcdef }]'}
${sections}
`;
  return loadedFrom(loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).config, identity);
}

const golden = (
  fields: string,
  body = '{ model: acme/m, messages: [{ role: user, content: Hello }], max_tokens: 9 }',
): string => `golden_requests: [{ name: smoke, key: ci, body: ${body}${fields} }]`;

describe('a golden request', () => {
  it('passes when it has somewhere to go, at the endpoint it names where it names one', () => {
    for (const fields of ['', ', endpoint: lab', ', protocol: messages, endpoint: host']) {
      expect(dryRun(loaded(golden(fields)))).toEqual({ faults: [], notices: [] });
    }
  });

  it.each([
    [
      'a model that is not there',
      golden('', '{ model: acme/x, messages: [{ role: user, content: Hello }], max_tokens: 9 }'),
      /"smoke" with nowhere to go/,
      /endpoint/,
    ],
    [
      'rules that leave no endpoint, with what speaks against each',
      `routing: { policy: { max_price: { prompt: 0.5 } } }\n${golden('')}`,
      /nowhere to go \(acme\/m at lab: max_price; acme\/m at host: max_price\)/,
      /at least one/,
    ],
    [
      'an endpoint that the rules of its key exclude',
      `keys: [{ id: ci, key: sk-ci-0123456789abcdef, policy: { zdr: true } }]\n${golden(', endpoint: host')}`,
      /with the endpoints lab \(acme\/m at host: data_policy:zdr\)/,
      /^host among them$/,
    ],
    [
      'a body that is refused',
      golden('', '{ messages: [{ role: user, content: Hello }], max_tokens: 9 }'),
      /refused: model/,
      /can be served/,
    ],
    ['a key that is nowhere', golden('').replace('key: ci', 'key: xx'), /of the key "xx"/, /may be used/],
  ])('fails for %s', (_what, sections, value, expected) => {
    expect(dryRun(loaded(sections)).faults).toEqual([
      {
        path: 'golden_requests[0]',
        line: null,
        value: expect.stringMatching(value) as string,
        expected: expect.stringMatching(expected) as string,
      },
    ]);
  });

  it('of a key that may be in a database nobody read yet is left out, and that is said', () => {
    const { faults, notices } = dryRun(loaded(golden('').replace('key: ci', 'key: xx'), UNREAD));
    expect(faults).toEqual([]);
    expect(notices).toEqual([
      { path: 'golden_requests[0]', message: expect.stringContaining('not checked') as string },
    ]);
  });

  it('is planned as the simulator would serve it where nothing else is set up', () => {
    const text = `
keys: [{ id: ci, key: sk-ci-0123456789abcdef }]
golden_requests: [{ name: smoke, key: ci, body: { model: gpt-4o-mini, messages: [{ role: user, content: Hello }], max_tokens: 9 } }]
`;
    const { config } = loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' });
    expect(dryRun(loadedFrom(config)).faults).toEqual([]);
    expect(strandedKeys(null, loadedFrom(config))).toEqual([]);
  });
});

describe('a key that reaches no model any more', () => {
  const open = loaded('');
  const closed = loaded('routing: { policy: { only: [nobody] } }');

  it('is a notice when it did before, and at the start', () => {
    const notice = { path: 'keys[0]', message: expect.stringContaining('"ci" reaches no model') as string };
    expect(strandedKeys(open, closed)).toEqual([notice]);
    expect(strandedKeys(null, closed)).toEqual([notice]);
  });

  it('is none when it did not before, and while it reaches one', () => {
    expect(strandedKeys(closed, closed)).toEqual([]);
    expect(strandedKeys(closed, open)).toEqual([]);
    expect(strandedKeys(null, open)).toEqual([]);
  });
});
