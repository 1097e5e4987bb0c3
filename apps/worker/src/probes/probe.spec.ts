import type { DialectId } from '@switchyard/contract';
import { probe } from '@switchyard/dispatch';
import type { ProbeAsk } from '@switchyard/dispatch';
import { TimerWheel, Transport } from '@switchyard/transport';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import { endpoint, model, provider } from '../../../../test/testing/plan-fixture.js';

const CREDENTIAL = { id: 'main', apiKey: 'sk-probe', weight: 1 };

let simulator: RunningSimulator;
const wheel = new TimerWheel();
const transport = new Transport({ wheel });

beforeAll(async () => {
  simulator = await startSimulator({});
});
afterEach(() => {
  simulator.clear();
});
afterAll(async () => {
  await transport.close();
  await simulator.close();
});

function ask(mode: ProbeAsk['mode'], dialect: DialectId, upstreamModel = 'mock/ok') {
  const path = dialect === 'anthropic-messages' ? 'host' : 'host/v1';
  const at = endpoint('a/m', provider('host', { dialect, baseUrl: `${simulator.url}/${path}`, profile: dialect }), {
    upstreamModel,
  });
  return probe(
    { mode, model: model('a/m', { endpoints: [at] }), endpoint: at, credential: CREDENTIAL },
    { transport, wheel, now: Date.now },
  );
}

describe('a probe', () => {
  it.each<DialectId>(['openai-chat', 'anthropic-messages'])('by completion asks %s for one token', async (dialect) => {
    expect(await ask('completion', dialect)).toBeNull();
    expect(simulator.requests).toHaveLength(1);
    const { body, headers } = simulator.requests[0] ?? {};
    expect(body).toMatchObject({ model: 'mock/ok', max_tokens: 1, messages: [{ role: 'user' }] });
    expect(JSON.stringify(headers)).toContain('sk-probe');
  });

  it.each([
    ['mock/status:500', 'server'],
    ['mock/status:401', 'auth'],
    ['mock/status:429', 'rate_limited'],
    ['mock/200_html', 'invalid_answer'],
  ])('by completion takes %s for %s', async (upstreamModel, failure) => {
    expect(await ask('completion', 'openai-chat', upstreamModel)).toMatchObject({ class: failure });
  });

  it.each<DialectId>(['openai-chat', 'anthropic-messages'])(
    'by the models of %s sends no request for an answer',
    async (dialect) => {
      expect(await ask('models', dialect)).toBeNull();
      expect(simulator.requests.map(({ method, model: named }) => [method, named])).toEqual([['GET', null]]);
    },
  );

  it('by models takes a host that cannot be reached for one that is down', async () => {
    const at = endpoint('a/m', provider('gone', { baseUrl: 'http://127.0.0.1:1/v1' }));
    const asked = {
      mode: 'models',
      model: model('a/m', { endpoints: [at] }),
      endpoint: at,
      credential: CREDENTIAL,
    } as const;
    expect(await probe(asked, { transport, wheel, now: Date.now })).toMatchObject({ class: 'connect' });
  });
});
