import { reason } from './request-view.js';
import type { Filter } from './request-view.js';

/** Fails closed: only an explicit `zdr: true` qualifies. */
export const zeroDataRetention: Filter = (reasons, { dataPolicy }, _asked, { policy }) => {
  const rule = policy.rules.zdr;
  if (rule === null || dataPolicy.zdr === true) return;
  const unknown = dataPolicy.zdr === null && dataPolicy.retains !== true;
  const detail = unknown ? 'data retention of the endpoint is unknown' : 'endpoint retains data';
  reasons.push(reason('data_policy:zdr', rule.layer, `zdr required, ${detail}`));
};

/** Fails closed: only an explicit `trains: false` qualifies. */
export const noTraining: Filter = (reasons, { dataPolicy }, _asked, { policy }) => {
  const rule = policy.rules.dataCollection;
  if (rule === null || dataPolicy.trains === false) return;
  const detail =
    dataPolicy.trains === null ? 'whether the endpoint trains on prompts is unknown' : 'endpoint trains on prompts';
  reasons.push(reason('data_policy:training', rule.layer, `data_collection deny, ${detail}`));
};

/** Fails closed: every region an endpoint may process in must be allowed, and unknown regions are not. */
export const regionAllowed: Filter = (reasons, { dataPolicy }, _asked, { policy }) => {
  for (const { layer, values } of policy.regions) {
    const { regions } = dataPolicy;
    if (regions.length > 0 && regions.every((region) => values.has(region))) continue;
    const where = regions.length === 0 ? 'an unknown region' : regions.join(', ');
    reasons.push(
      reason(
        'data_region',
        layer,
        `regions permits ${[...values].join(', ') || 'none'}, endpoint processes in ${where}`,
      ),
    );
  }
};

/** A property of the model: only its author's explicit permission qualifies. */
export const distillable: Filter = (reasons, _endpoint, { model }, { policy }) => {
  const rule = policy.rules.enforceDistillableText;
  if (rule === null || model.distillable === true) return;
  const detail = model.distillable === null ? 'does not state that it permits' : 'does not permit';
  reasons.push(reason('distillable_text', rule.layer, `the author of ${model.id} ${detail} distillation`));
};
