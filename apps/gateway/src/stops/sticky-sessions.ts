import { Injectable } from '@nestjs/common';
import type { Endpoint } from '@switchyard/contract';

interface Warm {
  readonly endpointTag: string;
  readonly expiresAtMs: number;
}

/** Sessions remembered at once; the one used longest ago is forgotten first. */
const SESSIONS_MAX = 50_000;

/**
 * Which endpoint holds the warm prompt cache of a session (`session_id`), kept in this process for as long as the endpoint
 * keeps its cache. Only a success refreshes it. Keyed by tenant: a session id of one tenant says nothing about another's.
 */
@Injectable()
export class StickySessions {
  private readonly sessions = new Map<string, Warm>();

  /** The tag of the warm endpoint; `null` = none. */
  endpointFor(tenantId: string, sessionId: string | null): string | null {
    if (sessionId === null) return null;
    const key = sessionKey(tenantId, sessionId);
    const warm = this.sessions.get(key);
    if (warm === undefined) return null;
    if (warm.expiresAtMs > performance.now()) return warm.endpointTag;
    this.sessions.delete(key);
    return null;
  }

  keep(tenantId: string, sessionId: string | null, endpoint: Endpoint): void {
    if (sessionId === null) return;
    const key = sessionKey(tenantId, sessionId);
    this.sessions.delete(key);
    this.sessions.set(key, { endpointTag: endpoint.tag, expiresAtMs: performance.now() + endpoint.cacheTtlS * 1_000 });
    if (this.sessions.size <= SESSIONS_MAX) return;
    const oldest = this.sessions.keys().next();
    if (oldest.done !== true) this.sessions.delete(oldest.value);
  }
}

function sessionKey(tenantId: string, sessionId: string): string {
  return JSON.stringify([tenantId, sessionId]);
}
