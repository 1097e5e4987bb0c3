import { parseArgs } from 'node:util';
import { startSimulator } from './server.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '9100' },
    seed: { type: 'string', default: '1' },
    tps: { type: 'string' },
    'ttft-ms': { type: 'string' },
    notice: { type: 'boolean', default: false },
  },
});

const simulator = await startSimulator({
  host: values.host,
  port: Number(values.port),
  seed: Number(values.seed),
  simulatedNotice: values.notice,
  ...(values.tps === undefined ? {} : { tokensPerSecond: Number(values.tps) }),
  ...(values['ttft-ms'] === undefined ? {} : { timeToFirstTokenMs: Number(values['ttft-ms']) }),
});
process.stdout.write(`simulator listening on ${simulator.url}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
