import { ZERO_USAGE } from '@switchyard/contract';
import type { PlannedAttempt } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import { attempts } from '../../../../test/testing/plan-fixture.js';
import { PromptFrames } from './prompt-frames.js';

const [ONE, TWO] = attempts('acme/m@one', 'acme/m@two') as [PlannedAttempt, PlannedAttempt];
const UNSEEN = 1_024;

function answered(served: PlannedAttempt, inputTokens: number, usageSource: Outcome['usageSource'] = 'upstream') {
  return { served, usageSource, usage: { ...ZERO_USAGE, uncachedInput: inputTokens } } as Outcome;
}

describe('what a host puts in front of a prompt', () => {
  it('is the longest known until the host was seen', () => {
    const frames = new PromptFrames();
    expect(frames.most([ONE], false)).toBe(UNSEEN);
    frames.learn({ tokens: 100, hasTools: false }, answered(ONE, 30));
    expect(frames.most([ONE], false)).toBe(16);
    expect(frames.most([ONE, TWO], false)).toBe(UNSEEN);
  });

  it('is what its reports were above the bound at most, and a little', () => {
    const frames = new PromptFrames();
    frames.learn({ tokens: 100, hasTools: false }, answered(ONE, 700));
    frames.learn({ tokens: 100, hasTools: false }, answered(ONE, 120));
    expect(frames.most([ONE], false)).toBe(616);
  });

  it('is learned apart for prompts with tools', () => {
    const frames = new PromptFrames();
    frames.learn({ tokens: 100, hasTools: false }, answered(ONE, 30));
    expect(frames.most([ONE], true)).toBe(UNSEEN);
  });

  it('is not learned from what was estimated', () => {
    const frames = new PromptFrames();
    frames.learn({ tokens: 100, hasTools: false }, answered(ONE, 30, 'estimated'));
    expect(frames.most([ONE], false)).toBe(UNSEEN);
  });
});
