import { MINUTE_MS } from './windows.js';

/** How long a reservation counts as running without being renewed. */
export const LEASE_MS = MINUTE_MS;

/** How often a reservation that runs is to be renewed: two renewals may be missed. */
export const RENEW_MS = LEASE_MS / 3;

/** How long a lapsed reservation waits for the recovery of the gateway that died, and a charge is known to have been made. */
export const KEPT_MS = 48 * 60 * MINUTE_MS;

/** How long a settled reservation is remembered: longer than a command sent before can lie in a socket. */
export const TOMBSTONE_MS = 2 * MINUTE_MS;

/** Lapsed reservations that one reserve clears away: a bound on its time, and more than one reserve can leave behind. */
export const LAPSES_PER_RESERVE = 32;

/** How often an instance announces itself, and how long it counts as running afterwards. */
export const HEARTBEAT_MS = 5_000;
export const MISSED_HEARTBEATS_MS = 3 * HEARTBEAT_MS;
