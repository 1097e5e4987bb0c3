import { GatewayError } from '@switchyard/contract';
import type { UsageRecord } from '@switchyard/metering';
import type { LedgerReader, OwnerSpend, SpendOwner } from '../control/ledger-reader.js';
import type { AnswerMessage, AskMessage, LedgerAnswer, LedgerQuestion } from './worker-messages.js';

const ANSWER_MS = 10_000;

interface Waiting {
  readonly resolve: (answer: LedgerAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The ledger as a worker sees it: questions to the supervisor over the process channel. */
export class SupervisorLedger implements LedgerReader {
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor(private readonly send: (message: AskMessage) => void) {}

  async find(id: string, tenant: string): Promise<UsageRecord | null> {
    const answer = await this.ask({ about: 'record', id, tenant });
    return answer.about === 'record' ? answer.record : null;
  }

  async spend(owners: readonly SpendOwner[]): Promise<readonly OwnerSpend[]> {
    const answer = await this.ask({ about: 'spend', owners });
    return answer.about === 'spend' ? answer.spend : [];
  }

  answered({ question, value, error }: AnswerMessage): void {
    const waiting = this.waiting.get(question);
    if (waiting === undefined) return;
    this.waiting.delete(question);
    clearTimeout(waiting.timer);
    if (value === null) waiting.reject(away(error ?? 'no answer'));
    else waiting.resolve(value);
  }

  private ask(ask: LedgerQuestion): Promise<LedgerAnswer> {
    this.asked += 1;
    const question = this.asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(question);
        reject(away('no answer in time'));
      }, ANSWER_MS);
      this.waiting.set(question, { resolve, reject, timer });
      this.send({ type: 'ask', question, ask });
    });
  }
}

function away(reason: string): GatewayError {
  const error = new GatewayError('temporarily_unavailable', 'The ledger cannot be read at the moment. Please retry.', {
    retryAfterS: 5,
  });
  error.cause = reason;
  return error;
}
