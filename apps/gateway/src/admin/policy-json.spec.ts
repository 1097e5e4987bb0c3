import 'reflect-metadata';
import type { PolicyRules } from '@switchyard/contract';
import { PolicySection, policyRules } from '../config/policy-section.js';
import { propertiesOf } from '../config/settings-metadata.js';
import { validateSettings } from '../config/validate-settings.js';
import { policyJson } from './policy-json.js';

const EVERY_RULE: Required<PolicyRules> = {
  only: ['groq'],
  ignore: ['together'],
  order: ['groq', 'deepinfra/turbo'],
  allowFallbacks: false,
  sort: 'price',
  partition: 'none',
  zdr: false,
  dataCollection: 'deny',
  enforceDistillableText: true,
  requireParameters: false,
  quantizations: ['fp8'],
  maxPrice: { prompt: 0, completion: 2, audio: 1 },
  preferredMinThroughput: { p50: 10, p99: 1 },
  preferredMaxLatency: { p90: 2 },
  regions: ['eu'],
  models: ['acme/*'],
  sticky: false,
};

describe('rules in the form of the configuration file', () => {
  it('are read as the rules that they were, each of them', () => {
    const json = policyJson(EVERY_RULE)!;
    const { instance, faults } = validateSettings(PolicySection, json);

    expect(faults).toEqual([]);
    expect(Object.keys(json).sort()).toEqual([...propertiesOf(PolicySection).keys()].sort());
    expect(policyRules(instance)).toEqual(EVERY_RULE);
  });

  it('say nothing where there is no rule', () => {
    expect(policyJson({})).toEqual({});
    expect(policyJson(null)).toBeNull();
  });
});
