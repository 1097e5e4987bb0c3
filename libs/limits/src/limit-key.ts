import type { Limit } from './types.js';

const PREFIX = 'switchyard:';
const PLAIN = /^[\w.-]+$/;

/** The sorted set in which the running instances announce themselves. */
export const INSTANCES_KEY = `${PREFIX}instances`;

/**
 * The keys of a group in the store. Redis Cluster places a key by what stands in braces, so that all of a group are
 * together and one script may use them.
 */
export function limitKey(group: string, { level, owner, dimension }: Limit): string {
  return `${groupPrefix(group)}limit:${level}:${encoded(owner)}:${dimension}`;
}

export function leasesKey(group: string): string {
  return `${groupPrefix(group)}leases`;
}

/** The id follows as `encoded` writes it. */
export function reservationPrefix(group: string): string {
  return `${groupPrefix(group)}reservation:`;
}

/** Letters, digits and `_.-` as they are, anything else as `%` and four hexadecimal digits: no id can be read as another, or as part of a key. */
export function encoded(id: string): string {
  if (PLAIN.test(id)) return id;
  // Redis Cluster ignores empty braces.
  if (id === '') return '%';
  return id.replace(/[^\w.-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function groupPrefix(group: string): string {
  return `${PREFIX}{${encoded(group)}}:`;
}
