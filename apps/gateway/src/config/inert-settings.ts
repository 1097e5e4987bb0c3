import type { ConfigNotice } from './config-error.js';
import type { SwitchyardFile } from './switchyard-file.js';

/**
 * Settings that are checked, so that a file written today stays valid, but that nothing acts on yet. An operator who
 * relies on one must hear it at every start.
 */
export function inertSettingNotices(file: SwitchyardFile): ConfigNotice[] {
  const notice = (path: string, what: string): ConfigNotice => ({
    path,
    message: `${what} by this version of Switchyard`,
  });
  return [
    ...(file.routing.cancel_stops_billing
      ? []
      : [notice('routing.cancel_stops_billing', 'cancelled requests are always aborted upstream, never drained,')]),
  ];
}
