import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import type { JsonObject } from '@switchyard/contract';
import { HIDDEN_HOSTS } from '../../testing/host-spellings.js';
import { ask } from '../client.js';
import type { Reply } from '../client.js';
import { Deployment, PROVIDER_SECRET } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { NameServer } from '../name-server.js';
import { Verdict } from '../verdict.js';

const SECRET = 'sk-ssrf-0123456789';
const OWN = 'sk-callers-own-0123456789';
/** The trap is at the address that nothing may lead to; the other one stands for a public host. */
const TRAP = '127.0.0.1';
const PUBLIC = '127.0.0.2';
const REDIRECTS = [301, 302, 303, 307, 308];
const FAULTS_SHOWN = 10;

/** Where each name leads, and from the second question on. */
const NAMES: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  inside: [[TRAP], [TRAP]],
  'inside-six': [
    ['::1', '::ffff:7f00:1'],
    ['::1', '::ffff:7f00:1'],
  ],
  rebinds: [[PUBLIC], [TRAP]],
  'rebinds-six': [[PUBLIC], ['::1', '::ffff:7f00:1', '64:ff9b::7f00:1']],
  flickers: [[TRAP], [PUBLIC]],
  mixed: [
    [TRAP, PUBLIC],
    [PUBLIC, TRAP],
  ],
};

/** Callers name hosts that lead inside: by every spelling, by name servers that change their minds, by redirects. */
export async function ssrf({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('ssrf');
  const names = await NameServer.start((name, count) => answersOf(name, count));
  const trap = await Listener.start(TRAP);
  const bystander = await Listener.start(PUBLIC, trap.port);
  const redirecting = await startRedirecting(trap.port);
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: null, postgres: false },
    config: {
      keys: [{ id: 'ssrf', key: SECRET, permissions: ['inference', 'explain', 'byok'] }],
      security: { private_hosts: [PUBLIC] },
    },
    nodeFlags: () => [names.flag],
  });
  try {
    const attack = new Attack(deployment.gateway.url);
    for (const round of isQuick ? [0] : [0, 1, 2, 3]) {
      for (const spelling of HIDDEN_HOSTS) await attack.refused(spelling.replace('PORT', String(trap.port)), round);
    }
    for (let round = 0; round < (isQuick ? 3 : 25); round += 1) {
      for (const name of Object.keys(NAMES)) await attack.named(`${name}.${round}.example.com`, trap.port);
    }
    const { port } = redirecting.address() as AddressInfo;
    for (const status of REDIRECTS) await attack.redirected(`http://${PUBLIC}:${port}/${status}`);
    const { log } = deployment.gateway;
    verdict.figure('spellings', HIDDEN_HOSTS.length);
    verdict.figure('requests', attack.requests);
    verdict.figure('questions_to_the_name_server', names.questions);
    verdict.expect('no name was looked up', names.questions > 0);
    verdict.figure('connections_to_where_names_may_lead', bystander.connections);
    verdict.expect('not even an allowed address was connected to', bystander.connections > 0);
    verdict.same('connections_to_the_trap', trap.connections, 0);
    verdict.same('bytes_in_the_trap', trap.received.length, 0);
    verdict.same('operator_secrets_elsewhere', bystander.received.includes(PROVIDER_SECRET), false);
    verdict.same('secrets_in_the_log', log.includes(OWN) || log.includes(PROVIDER_SECRET), false);
    for (const fault of attack.faults.slice(0, FAULTS_SHOWN)) verdict.expect(fault, false);
  } finally {
    await deployment.remove();
    await Promise.all([trap.close(), bystander.close(), names.close()]);
    redirecting.closeAllConnections();
    redirecting.close();
  }
  return [verdict];
}

function answersOf(name: string, count: number): readonly string[] {
  const [first, later] = NAMES[name.split('.', 1)[0] ?? ''] ?? [[], []];
  return count === 1 ? first : later;
}

/** What is sent, and what came back that should not have. */
class Attack {
  requests = 0;
  readonly faults: string[] = [];

  constructor(private readonly url: string) {}

  /** A host that is refused as it is written. */
  async refused(baseUrl: string, round: number): Promise<void> {
    const reply = await this.send(baseUrl, round % 2 === 1, round >= 2);
    if (reply.status !== 400) this.faults.push(`${JSON.stringify(baseUrl)} was answered ${String(reply.status)}`);
  }

  /** Twice at once and twice again, so that a name can change between the question and the connection. */
  async named(name: string, port: number): Promise<void> {
    const baseUrl = `https://${name}:${port}/v1`;
    for (const stream of [false, true]) {
      const replies = await Promise.all([this.send(baseUrl, stream, false), this.send(baseUrl, stream, true)]);
      for (const { status } of replies) if (status === 200) this.faults.push(`${name} was answered 200`);
    }
  }

  async redirected(baseUrl: string): Promise<void> {
    for (const stream of [false, true]) {
      const { status } = await this.send(baseUrl, stream, false);
      if (status !== 502) this.faults.push(`the redirect ${baseUrl} was answered ${String(status)}`);
    }
  }

  private async send(baseUrl: string, stream: boolean, isMessages: boolean): Promise<Reply> {
    this.requests += 1;
    const body: JsonObject = {
      model: 'any/model',
      max_tokens: 5,
      messages: [{ role: 'user', content: 'Hi' }],
      stream,
      provider_configs: { own: { api_key: OWN, base_url: baseUrl } },
    };
    const reply = await ask({
      url: this.url,
      secret: SECRET,
      tag: `ssrf-${this.requests}`,
      model: 'any/model',
      stream,
      protocol: isMessages ? 'messages' : 'chat',
      body,
    });
    if (reply.text.includes(OWN)) this.faults.push(`the answer to ${JSON.stringify(baseUrl)} repeats the credential`);
    return reply;
  }
}

/** Counts who connects, keeps what they send, and answers nothing. */
class Listener {
  connections = 0;
  received = '';

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.connections += 1;
      socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      setTimeout(() => socket.destroy(), 100).unref();
    });
  }

  static async start(address: string, port = 0): Promise<Listener> {
    const server = createServer();
    const listener = new Listener(server);
    server.listen(port, address);
    await once(server, 'listening');
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Answers with the status that its path begins with, and the way to the trap. */
async function startRedirecting(port: number) {
  const server = createHttpServer((request, response) => {
    const location = `http://${TRAP}:${port}/v1/chat/completions`;
    request.resume();
    response.writeHead(Number(request.url?.split('/')[1] ?? 307), { location }).end();
  });
  server.listen(0, PUBLIC);
  await once(server, 'listening');
  return server;
}
