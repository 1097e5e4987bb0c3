import type { ConfigNotice } from './config-error.js';
import type { SwitchyardFile } from './switchyard-file.js';

/**
 * Settings that are checked, so that a file written today stays valid, but that nothing acts on yet. An operator who
 * relies on one must hear it at every start: a limit that is not enforced is worse than none.
 */
export function inertSettingNotices(file: SwitchyardFile): ConfigNotice[] {
  const notice = (path: string, what: string): ConfigNotice => ({
    path,
    message: `${what} by this version of Switchyard`,
  });
  const limited = [
    ...file.tenants.map((tenant, index) => [`tenants[${index}].limits`, tenant.limits] as const),
    ...file.keys.map((key, index) => [`keys[${index}].limits`, key.limits] as const),
  ].filter(([, limits]) => Boolean(limits));
  return [
    ...limited.map(([path]) => notice(path, 'limits and budgets are not enforced')),
    ...(file.redis ? [notice('redis', 'Redis is not used')] : []),
    ...(file.database ? [notice('database', 'the database is not used')] : []),
    ...(file.security.hash_user ? [notice('security.hash_user', 'user ids are not hashed')] : []),
    ...(file.routing.cancel_stops_billing
      ? []
      : [notice('routing.cancel_stops_billing', 'cancelled requests are always aborted upstream, never drained,')]),
  ];
}
