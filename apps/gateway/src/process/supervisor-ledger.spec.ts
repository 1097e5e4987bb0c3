import { SupervisorLedger } from './supervisor-ledger.js';
import type { AskMessage } from './worker-messages.js';

function ledger() {
  const asked: AskMessage[] = [];
  return { asked, reader: new SupervisorLedger((message) => asked.push(message)) };
}

describe('the ledger as a worker asks for it', () => {
  it('gives each question the answer of its number, in whatever order they come', async () => {
    const { asked, reader } = ledger();
    const found = reader.find('a'.repeat(32), 'acme');
    const spent = reader.spend([{ level: 'key', id: 'k' }]);
    expect(asked.map(({ ask }) => ask.about)).toEqual(['record', 'spend']);
    const [first, second] = asked.map(({ question }) => question);
    const spend = [{ level: 'key' as const, id: 'k', dayNanoUsd: 1, monthNanoUsd: 2, totalNanoUsd: 3 }];
    reader.answered({ type: 'answer', question: second ?? 0, value: { about: 'spend', spend }, error: null });
    reader.answered({ type: 'answer', question: first ?? 0, value: { about: 'record', record: null }, error: null });
    expect(await found).toBeNull();
    expect(await spent).toEqual(spend);
  });

  it('tells the caller to come back when the supervisor has no answer, without saying why', async () => {
    const { asked, reader } = ledger();
    const found = reader.find('a'.repeat(32), 'acme');
    reader.answered({ type: 'answer', question: asked[0]?.question ?? 0, value: null, error: 'connect ECONNREFUSED' });
    await expect(found).rejects.toMatchObject({ code: 'temporarily_unavailable', details: { retryAfterS: 5 } });
    await expect(found).rejects.not.toThrow(/ECONNREFUSED/);
  });

  it('ignores an answer to a question that nobody waits for', () => {
    const { reader } = ledger();
    expect(() => {
      reader.answered({ type: 'answer', question: 7, value: null, error: 'late' });
    }).not.toThrow();
  });
});
