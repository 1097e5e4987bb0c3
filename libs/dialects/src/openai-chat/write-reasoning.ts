import type { JsonObject } from '@switchyard/contract';
import type { Conversation, Reasoning } from '@switchyard/conversation';
import type { RequestTarget } from '../dialect.js';
import { defined } from './fields.js';
import type { Losses } from './losses.js';

/** Efforts in ascending order, over all vendors. */
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

/** Share of the output limit that an effort may spend on thinking. */
const EFFORT_SHARES: Readonly<Record<string, number>> = {
  minimal: 0.02,
  low: 0.1,
  medium: 0.3,
  high: 0.6,
  xhigh: 0.9,
  max: 0.95,
};
const BUDGET_MIN = 1_024;

/** Below so many tokens a thinking budget is this effort; above all, `high`. */
const BUDGET_STEPS: readonly (readonly [below: number, effort: string])[] = [
  [2_048, 'low'],
  [8_192, 'medium'],
];

/**
 * How much to think, in the host's own field. Hosts and models differ: an effort word, OpenRouter's object, Qwen's switch
 * and budget, DeepSeek's switch, or nothing.
 */
export function writeReasoning(
  conversation: Conversation,
  target: RequestTarget,
  maxOutputTokens: number,
  losses: Losses,
): JsonObject {
  const forced = forcedByTools(conversation, target);
  if (forced !== undefined) {
    if (conversation.reasoning !== undefined && conversation.reasoning.mode !== 'off') losses.add('reasoning');
    return forced;
  }
  const { reasoning } = conversation;
  if (reasoning === undefined) return {};
  if (!canReason(target)) {
    if (reasoning.mode !== 'off') losses.add('reasoning');
    return {};
  }
  switch (target.deviations.reasoningRequest ?? 'reasoning_effort') {
    case 'reasoning_effort':
      return effortField(reasoning, target, losses);
    case 'reasoning':
      return { reasoning: reasoningObject(reasoning) };
    case 'enable_thinking':
      return thinkingSwitch(reasoning, maxOutputTokens);
    case 'thinking':
      return deepSeekThinking(reasoning, target);
    case 'none':
      if (reasoning.mode !== 'off') losses.add('reasoning');
      return {};
  }
}

/** Models that take function tools on this dialect only with reasoning switched off in so many words. */
function forcedByTools(conversation: Conversation, target: RequestTarget): JsonObject | undefined {
  const clashes = target.model.traits.toolsWithReasoning === false && conversation.tools.length > 0;
  return clashes ? { reasoning_effort: 'none' } : undefined;
}

/** False when the catalogue says that the model or the endpoint has no reasoning control. */
function canReason(target: RequestTarget): boolean {
  const { efforts } = target.model.traits;
  if (efforts !== undefined) return efforts.length > 0;
  const supported = target.endpoint.supportedParameters;
  return supported === null || supported.has('reasoning') || supported.has('reasoning_effort');
}

function effortField(reasoning: Reasoning, target: RequestTarget, losses: Losses): JsonObject {
  const known = target.model.traits.efforts;
  if (reasoning.mode === 'off') {
    if (known === undefined) {
      // Whether the host knows the word `none` is not known, and its default may well be to think.
      losses.add('reasoning');
      return {};
    }
    return defined({ reasoning_effort: nearestEffort('none', known) });
  }
  const effort = effortOf(reasoning);
  return defined({ reasoning_effort: effort === undefined ? undefined : nearestEffort(effort, known) });
}

/** The effort asked for, or the one that a budget amounts to; undefined leaves it to the model. */
function effortOf(reasoning: Reasoning): string | undefined {
  if (reasoning.effort !== undefined) return reasoning.effort;
  const { budgetTokens } = reasoning;
  if (budgetTokens === undefined) return undefined;
  return BUDGET_STEPS.find(([below]) => budgetTokens < below)?.[1] ?? 'high';
}

/** The accepted effort closest to the one asked for; of two equally close the lower, which costs less. */
function nearestEffort(effort: string, known: readonly string[] | undefined): string {
  if (known === undefined || known.includes(effort)) return effort;
  const rank = rankOf(effort);
  const ranked = known.filter((candidate) => effort === 'none' || candidate !== 'none');
  return ranked.reduce(
    (best, candidate) => (Math.abs(rankOf(candidate) - rank) < Math.abs(rankOf(best) - rank) ? candidate : best),
    ranked[0] ?? effort,
  );
}

function rankOf(effort: string): number {
  const rank = (EFFORTS as readonly string[]).indexOf(effort);
  return rank < 0 ? EFFORTS.indexOf('medium') : rank;
}

function reasoningObject(reasoning: Reasoning): JsonObject {
  const exclude = reasoning.display === 'omitted' ? { exclude: true } : {};
  if (reasoning.mode === 'off') return { enabled: false, ...exclude };
  // OpenRouter takes one of the two measures.
  if (reasoning.effort !== undefined) return { effort: reasoning.effort, ...exclude };
  if (reasoning.budgetTokens !== undefined) return { max_tokens: reasoning.budgetTokens, ...exclude };
  return { enabled: true, ...exclude };
}

function thinkingSwitch(reasoning: Reasoning, maxOutputTokens: number): JsonObject {
  if (reasoning.mode === 'off') return { enable_thinking: false };
  const share = EFFORT_SHARES[reasoning.effort ?? ''];
  const derived = share === undefined ? undefined : Math.max(BUDGET_MIN, Math.floor(maxOutputTokens * share));
  return { enable_thinking: true, ...defined({ thinking_budget: reasoning.budgetTokens ?? derived }) };
}

/** An effort beside a disabled switch is a contradiction that DeepSeek answers with a 400, so it goes only with thinking. */
function deepSeekThinking(reasoning: Reasoning, target: RequestTarget): JsonObject {
  if (reasoning.mode === 'off') return { thinking: { type: 'disabled' } };
  const known = target.model.traits.efforts ?? [];
  const effort = effortOf(reasoning);
  const word = effort === undefined || known.length === 0 ? undefined : nearestEffort(effort, known);
  return { thinking: { type: 'enabled' }, ...defined({ reasoning_effort: word }) };
}
