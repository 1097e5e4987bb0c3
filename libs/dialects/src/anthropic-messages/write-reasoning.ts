import type { JsonObject, ModelTraits } from '@switchyard/contract';
import type { Conversation, Reasoning } from '@switchyard/conversation';
import type { RequestTarget } from '../dialect.js';
import { optional } from './json-fields.js';
import type { RequestNotes } from './request-notes.js';

/** Output limit when neither the caller nor the catalogue names one. */
const DEFAULT_MAX_TOKENS = 8_192;
const LEAST_BUDGET = 1_024;
const MOST_BUDGET = 128_000;

/** Share of the output limit an effort may think for (OpenRouter's ratios, https://openrouter.ai/docs/use-cases/reasoning-tokens). */
const RATIOS = new Map([
  ['minimal', 0.1],
  ['low', 0.2],
  ['medium', 0.5],
  ['high', 0.8],
  ['xhigh', 0.95],
  ['max', 0.95],
]);
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
/** Efforts every Anthropic model with an effort parameter takes; used when the catalogue does not list its own. */
const COMMON_EFFORTS = ['low', 'medium', 'high', 'max'];

export interface WrittenReasoning {
  readonly maxTokens: number;
  readonly thinking?: JsonObject;
  readonly effort?: string;
  /** Thinking is on: sampling parameters, prefill and a forced tool choice must go. */
  readonly on: boolean;
}

/**
 * The output limit, and how thinking is asked for, which depend on one another: a thinking budget must be smaller than
 * `max_tokens`.
 *
 * @param unthoughtToolTurn true when the tool results to be continued from belong to a turn without thinking
 */
export function writeReasoning(
  conversation: Conversation,
  notes: RequestNotes,
  unthoughtToolTurn: boolean,
): WrittenReasoning {
  const { target } = notes;
  const reasoning = conversation.reasoning;
  const maxTokens = outputLimit(conversation, target);
  const none: WrittenReasoning = { maxTokens, on: false };
  if (!reasoning) return none;
  const form = formOf(reasoning, target.model.traits);
  if (reasoning.mode === 'off') return { ...none, ...thinkingOff(target.model.traits, form, notes) };
  if (form === 'none') {
    notes.drop('reasoning');
    return none;
  }
  if (form === 'adaptive') {
    const effort = adaptiveEffort(reasoning, target.model.traits);
    return {
      maxTokens,
      on: true,
      thinking: { type: 'adaptive', ...displayOf(reasoning) },
      ...optional('effort', effort),
    };
  }
  // Models that think by budget refuse to continue a tool turn that has no thinking in it.
  const budgeted = unthoughtToolTurn ? null : withBudget(reasoning, maxTokens, modelLimit(target));
  if (budgeted) return budgeted;
  notes.drop('reasoning');
  return none;
}

/** The caller's limit within the model's, else the endpoint's or model's whole output, else 8,192. */
function outputLimit(conversation: Conversation, target: RequestTarget): number {
  const limit = modelLimit(target);
  return Math.min(conversation.maxOutputTokens ?? limit ?? DEFAULT_MAX_TOKENS, limit ?? Infinity);
}

function modelLimit(target: RequestTarget): number | null {
  return target.endpoint.maxOutputTokens ?? target.model.maxOutputTokens;
}

function formOf(reasoning: Reasoning, traits: ModelTraits): 'none' | 'budget' | 'adaptive' {
  switch (traits.thinking) {
    case 'both':
      return reasoning.budgetTokens === undefined ? 'adaptive' : 'budget';
    case undefined:
      if (traits.efforts?.length === 0) return 'none';
      return reasoning.mode === 'adaptive' ? 'adaptive' : 'budget';
    default:
      return traits.thinking;
  }
}

function thinkingOff(
  traits: ModelTraits,
  form: ReturnType<typeof formOf>,
  notes: RequestNotes,
): Pick<WrittenReasoning, 'thinking' | 'effort'> {
  if (traits.thinkingOptional === false) {
    notes.drop('reasoning');
    return optional('effort', nearestEffort('low', traits));
  }
  // Thinking by budget is off unless asked for.
  const mustSay = form === 'adaptive' || (traits.thinking === undefined && form !== 'none');
  return mustSay ? { thinking: { type: 'disabled' } } : {};
}

/** As asked; from a budget by fixed steps; medium for a plain "on"; the model's own choice for a plain "adaptive". */
function adaptiveEffort(reasoning: Reasoning, traits: ModelTraits): string | undefined {
  const budget = reasoning.budgetTokens;
  if (reasoning.effort !== undefined) return nearestEffort(reasoning.effort, traits);
  if (budget !== undefined) return nearestEffort(budget < 2_048 ? 'low' : budget < 8_192 ? 'medium' : 'high', traits);
  return reasoning.mode === 'on' ? nearestEffort('medium', traits) : undefined;
}

/** The accepted effort that is closest, the lower of two; undefined when the model takes none or the word is unknown. */
function nearestEffort(effort: string, traits: ModelTraits): string | undefined {
  const accepted = (traits.efforts ?? COMMON_EFFORTS).filter((name) => EFFORTS.includes(name) && name !== 'none');
  const wanted = EFFORTS.indexOf(effort);
  if (wanted < 0) return accepted.includes(effort) ? effort : undefined;
  const distance = (name: string): number => Math.abs(EFFORTS.indexOf(name) - wanted);
  return [...accepted].sort((a, b) => distance(a) - distance(b) || EFFORTS.indexOf(a) - EFFORTS.indexOf(b))[0];
}

/** Null when not even the least budget fits below the model's output limit. */
function withBudget(reasoning: Reasoning, maxTokens: number, limit: number | null): WrittenReasoning | null {
  const ratio = RATIOS.get(reasoning.effort ?? 'medium') ?? 0.5;
  const wanted = Math.max(reasoning.budgetTokens ?? Math.min(Math.floor(maxTokens * ratio), MOST_BUDGET), LEAST_BUDGET);
  // Where the budget would eat all of the limit, the limit grows, so that what the caller wanted to read still fits.
  const raised = wanted < maxTokens ? maxTokens : Math.min(wanted + maxTokens, limit ?? Infinity);
  const budget = Math.min(wanted, raised - 1);
  if (budget < LEAST_BUDGET) return null;
  const thinking = { type: 'enabled', budget_tokens: budget, ...displayOf(reasoning) };
  return { maxTokens: raised, on: true, thinking };
}

function displayOf(reasoning: Reasoning): { readonly display?: string } {
  const display = reasoning.display;
  return display === 'omitted' || display === 'summarized' ? { display } : {};
}
