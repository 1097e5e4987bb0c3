import { Dice } from '../dice.js';
import type { ProviderFault } from '../options.js';
import type { RecordedRequest } from '../recorder.js';
import { Refusal } from '../refusal.js';
import { FAULT_NAMES, faultNamed } from './table.js';

const MAX_PLANS = 10_000;
const MOCK_MODEL = /(?:^|\/)mock\/([^:]+)(?::(.*))?$/;
const MODEL_SUFFIX = /\+([a-z0-9_]+)(?::(.*))?$/;
const PROVIDER_ENTRY = /^([\w.-]+)=(.+)$/;

export interface ChosenFault {
  readonly mode: string;
  readonly argument: string;
}

/**
 * Says which fault a request meets: by the header `x-mock-plan`, else by the model name (`mock/stall:3`, `any+stall:3`),
 * else by what its provider does wrong.
 */
export class FaultSelection {
  readonly #seed: number;
  readonly #atStart: Readonly<Record<string, readonly ProviderFault[]>>;
  readonly #providers = new Map<string, readonly ProviderFault[]>();
  readonly #dice = new Map<string, Dice>();
  /** How many requests each plan has already answered. */
  readonly #plans = new Map<string, number>();

  constructor(seed: number, providerFaults: Readonly<Record<string, readonly ProviderFault[]>> = {}) {
    this.#seed = seed;
    this.#atStart = providerFaults;
    this.clear();
  }

  clear(): void {
    this.#plans.clear();
    this.#dice.clear();
    this.#providers.clear();
    for (const [provider, faults] of Object.entries(this.#atStart)) this.setFaults(provider, faults);
  }

  setFaults(provider: string, faults: readonly ProviderFault[]): void {
    for (const { fault } of faults) known(parse(fault));
    this.#providers.set(provider, faults);
  }

  /** @throws Refusal (400) for a mode that does not exist, so that a misspelt test fails loudly. */
  choose(request: RecordedRequest): ChosenFault | null {
    return this.#byHeader(request) ?? byModel(request.model ?? '') ?? this.#byProvider(request.provider ?? '');
  }

  /** `a, b, c`: the first, second and every later request of this plan; `x=a, y=b`: by provider. */
  #byHeader(request: RecordedRequest): ChosenFault | null {
    const header = request.headers['x-mock-plan'];
    if (header === undefined) return null;
    const text = String(header);
    const entries = text.split(',').map((entry) => entry.trim());
    const own = entries.flatMap((entry) => {
      const [, provider, fault] = PROVIDER_ENTRY.exec(entry) ?? [];
      if (provider === undefined || fault === undefined) return [entry];
      return provider === request.provider || provider === '*' ? [fault] : [];
    });
    const player = entries.some((entry) => PROVIDER_ENTRY.test(entry)) ? request.provider : null;
    const plan = JSON.stringify([text, player, request.body?.['messages'] ?? null]);
    const place = this.#step(plan, own.length);
    const fault = own[place];
    return fault === undefined || fault === '' ? null : known(parse(fault));
  }

  #step(plan: string, length: number): number {
    const before = this.#plans.get(plan) ?? 0;
    if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
    this.#plans.set(plan, before + 1);
    return Math.min(before, length - 1);
  }

  #byProvider(provider: string): ChosenFault | null {
    const dice = this.#dice.get(provider) ?? new Dice(this.#seed, `faults of ${provider}`);
    this.#dice.set(provider, dice);
    const hit = this.#providers.get(provider)?.find(({ rate }) => rate === undefined || dice.fraction() < rate);
    return hit === undefined ? null : parse(hit.fault);
  }
}

function byModel(model: string): ChosenFault | null {
  const [, mock, mockArgument] = MOCK_MODEL.exec(model) ?? [];
  if (mock !== undefined) return known({ mode: mock, argument: mockArgument ?? '' });
  const [, suffix, argument] = MODEL_SUFFIX.exec(model) ?? [];
  // A plus sign may just be part of a model's name.
  return suffix === undefined || faultNamed(suffix) === undefined ? null : { mode: suffix, argument: argument ?? '' };
}

function parse(fault: string): ChosenFault {
  const colon = fault.indexOf(':');
  if (colon === -1) return { mode: fault, argument: '' };
  return { mode: fault.slice(0, colon), argument: fault.slice(colon + 1) };
}

function known(fault: ChosenFault): ChosenFault {
  if (faultNamed(fault.mode) !== undefined) return fault;
  throw new Refusal(400, `unknown fault '${fault.mode}'; known are ${FAULT_NAMES.join(', ')}`);
}
