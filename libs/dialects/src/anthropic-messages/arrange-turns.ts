import type { RequestNotes } from './request-notes.js';
import { textField } from './json-fields.js';
import type { Draft, Turn } from './write-turns.js';

/** Stands where the protocol demands a user turn and the caller has none. */
const FILLER: Draft = { type: 'text', text: 'Continue.' };
const NO_RESULT: Draft = { type: 'text', text: '[no result]' };

/**
 * Turns in the order Anthropic demands: roles alternate, the first is the user's, and every tool call is answered at the
 * head of the very next user turn (https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use).
 */
export function arrangeTurns(turns: readonly Turn[], notes: RequestNotes): Turn[] {
  const merged = mergeNeighbours(placeInstructions(mergeNeighbours(turns), notes));
  return withUserFirst(pairTools(merged, notes));
}

/** Ends the conversation so that the model may answer: a trailing assistant turn stays only where prefill is taken. */
export function endTurns(turns: Turn[], mayPrefill: boolean, notes: RequestNotes): Turn[] {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return turns;
  if (!mayPrefill) {
    notes.drop('prefill');
    return [...turns, { role: 'user', content: [FILLER] }];
  }
  const block = last.content.at(-1);
  // Anthropic refuses a prefill that ends in white space.
  if (block?.['type'] === 'text') block['text'] = textField(block, 'text')?.trimEnd();
  return turns;
}

/** True when the conversation stops at tool results whose calls were made without thinking. */
export function hasUnthoughtToolTurn(turns: readonly Turn[]): boolean {
  const [calls, results] = turns.filter((turn) => turn.role !== 'system').slice(-2);
  if (!calls?.content.some((block) => block['type'] === 'tool_use')) return false;
  const first = calls.content[0]?.['type'];
  const thought = first === 'thinking' || first === 'redacted_thinking';
  return !thought && results?.content.some((block) => block['type'] === 'tool_result') === true;
}

function mergeNeighbours(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const before = merged.at(-1);
    if (before?.role === turn.role) before.content.push(...turn.content);
    else merged.push({ role: turn.role, content: [...turn.content] });
  }
  return merged;
}

/**
 * Instructions in mid-conversation: kept as `system` turns where the model takes them and their place is legal (after a
 * user turn, before the assistant's or last), else said in the neighbouring user turn.
 */
function placeInstructions(turns: readonly Turn[], notes: RequestNotes): Turn[] {
  const { deviations, model } = notes.target;
  const keeps = deviations.midSystem === undefined ? model.traits.midSystem === true : deviations.midSystem === 'keep';
  return turns.map((turn, index) => {
    if (turn.role !== 'system') return turn;
    const isLegal = turns[index - 1]?.role === 'user' && turns[index + 1]?.role !== 'user';
    return keeps && isLegal ? turn : { role: 'user', content: turn.content.map(asReminder) };
  });
}

function asReminder(block: Draft): Draft {
  if (block['type'] !== 'text') return block;
  return { ...block, text: `<system-reminder>\n${textField(block, 'text') ?? ''}\n</system-reminder>` };
}

/** Calls and results, matched turn by turn. Call ids are made unique: some hosts count from zero in every turn. */
function pairTools(turns: readonly Turn[], notes: RequestNotes): Turn[] {
  const paired: Turn[] = [];
  const usedIds = new Set<string>();
  let pending: PendingCall[] = [];
  for (const turn of turns) {
    if (turn.role === 'user') {
      paired.push({ role: 'user', content: resultsFirst(turn.content, pending, notes) });
      pending = [];
    } else {
      if (pending.length > 0) paired.push({ role: 'user', content: resultsFirst([], pending, notes) });
      paired.push(turn);
      pending = turn.content
        .filter((block) => block['type'] === 'tool_use')
        .map((call) => claimId(call, usedIds, notes));
    }
  }
  if (pending.length > 0) paired.push({ role: 'user', content: resultsFirst([], pending, notes) });
  return paired.filter((turn) => turn.content.length > 0);
}

interface PendingCall {
  /** The id in the call and its results as they came. */
  readonly stated: string;
  readonly sent: string;
  answered: boolean;
}

function claimId(call: Draft, usedIds: Set<string>, notes: RequestNotes): PendingCall {
  const stated = textField(call, 'id') ?? '';
  let sent = stated;
  for (let round = 2; usedIds.has(sent); round++) sent = `${stated}_${String(round)}`;
  usedIds.add(sent);
  call['id'] = notes.rename(notes.renamed.get(stated) ?? stated, sent);
  return { stated, sent, answered: false };
}

/** The results of the pending calls, missing ones made up and those of no call left out; then everything else. */
function resultsFirst(content: readonly Draft[], pending: readonly PendingCall[], notes: RequestNotes): Draft[] {
  const results: Draft[] = [];
  const others: Draft[] = [];
  for (const block of content) {
    if (block['type'] !== 'tool_result') {
      others.push(block);
      continue;
    }
    const call = pending.find((candidate) => !candidate.answered && candidate.stated === block['tool_use_id']);
    if (call) {
      call.answered = true;
      results.push({ ...block, tool_use_id: call.sent });
    } else {
      notes.drop('tool_result');
    }
  }
  const missing = pending
    .filter((call) => !call.answered)
    .map((call): Draft => ({ type: 'tool_result', tool_use_id: call.sent, content: [NO_RESULT] }));
  return [...results, ...missing, ...others];
}

/** Dropping turns may have brought two of one role together, so they are merged once more. */
function withUserFirst(turns: readonly Turn[]): Turn[] {
  const merged = mergeNeighbours(turns);
  return merged[0]?.role === 'user' ? merged : [{ role: 'user', content: [FILLER] }, ...merged];
}
