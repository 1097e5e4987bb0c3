import type { FailureClass } from '@switchyard/contract';
import { mergePolicy } from '@switchyard/routing';
import { attempts, planOf, provider } from '../../../test/testing/plan-fixture.js';
import type { HealthRecorder } from './dispatch-request.js';
import { HEALTHY } from './testing/stage.js';
import { Walk } from './walk.js';
import type { Place } from './walk.js';

const NO_RULES = mergePolicy({ operator: null, tenant: null, key: null, request: null });

function walkOver(names: readonly string[], health: Partial<HealthRecorder> = {}, policy = NO_RULES): Walk {
  return new Walk({ plan: planOf(attempts(...names)), policy }, { health: { ...HEALTHY, ...health }, random: () => 0 });
}

/** Ids of the providers gone to, to the end. */
function path(walk: Walk): string[] {
  const ids: string[] = [];
  for (let place = walk.next(); place !== null; place = walk.next()) ids.push(providerOf(place));
  return ids;
}

const providerOf = (place: Place | null): string => place?.planned.endpoint.provider.id ?? '';
const only = (...resting: readonly string[]): Partial<HealthRecorder> => ({
  admit: ({ tag }, isLast) => isLast || !resting.includes(tag),
});

describe('a walk', () => {
  it.each<FailureClass>([
    'connect',
    'timeout',
    'server',
    'overloaded',
    'rate_limited',
    'auth',
    'billing',
    'not_found',
    'invalid_answer',
    'truncated',
    'endpoint_specific',
  ])('goes to the next endpoint after %s', (failure) => {
    const walk = walkOver(['a/m@one', 'a/m@two', 'b/n@three']);
    const place = walk.next();
    walk.learn(place!, failure);
    expect(path(walk)).toEqual(['two', 'three']);
  });

  it.each<FailureClass>(['invalid_request', 'too_large', 'context_length', 'content_policy'])(
    'skips the rest of the model after %s, which another host of it would repeat',
    (failure) => {
      const walk = walkOver(['a/m@one', 'b/n@two', 'a/m@three']);
      const place = walk.next();
      walk.learn(place!, failure);
      expect(path(walk)).toEqual(['two']);
    },
  );

  it('asks policy before every step', () => {
    const policy = mergePolicy({ operator: { ignore: ['two'] }, tenant: null, key: null, request: null });
    expect(path(walkOver(['a/m@one', 'a/m@two', 'a/m@three'], {}, policy))).toEqual(['one', 'three']);
  });

  it('leaves out what health does not admit while another endpoint is left, and then goes to the best of those, once', () => {
    const walk = walkOver(['a/m@one', 'a/m@two', 'a/m@three'], only('one', 'two'));
    expect(path(walk)).toEqual(['three', 'one']);
    expect(walk.skipped.map(({ endpoint }) => endpoint.tag)).toEqual(['two']);
    expect(path(walkOver(['a/m@one'], only('one')))).toEqual(['one']);
    expect(path(walkOver(['a/m@one', 'a/m@two'], only('one', 'two')))).toEqual(['one']);
  });

  it('goes to the same endpoint again with another credential, or anew with all of them', () => {
    const credentials = ['first', 'second'].map((id) => ({ id, apiKey: id, weight: 1 }));
    const [planned] = attempts('a/m@one');
    const host = provider('one', { credentials });
    const plan = planOf([{ ...planned!, endpoint: { ...planned!.endpoint, provider: host } }]);
    const walk = new Walk({ plan, policy: NO_RULES }, { health: HEALTHY, random: () => 0 });
    const first = walk.next()!;
    const second = walk.otherCredential(first)!;
    expect([first.credential.id, second.credential.id]).toEqual(['first', 'second']);
    expect(walk.otherCredential(second)).toBeNull();
    expect(walk.again(second)?.credential.id).toBe('first');
  });

  it('finds a rival of the same model only, when it is next and well', () => {
    const same = walkOver(['a/m@one', 'a/m@two', 'a/m@three']);
    same.next();
    expect(providerOf(same.rival('a/m'))).toBe('two');
    expect(path(same)).toEqual(['three']);
    const other = walkOver(['a/m@one', 'b/n@two']);
    other.next();
    expect(other.rival('a/m')).toBeNull();
    expect(path(other)).toEqual(['two']);
    const unwell = walkOver(['a/m@one', 'a/m@two'], only('two'));
    unwell.next();
    expect(unwell.rival('a/m')).toBeNull();
    expect(path(unwell)).toEqual(['two']);
  });
});
