/** How long a credential rests that its provider refused. */
export const REFUSED_MS = 300_000;

export interface Refusal {
  readonly provider: string;
  readonly credential: string;
  readonly leftMs: number;
}

/** Credentials that are better left alone for a while: refused by their provider, or at its rate limit. */
export class CredentialRests {
  private readonly refused = new Map<string, number>();
  private readonly cooling = new Map<string, number>();
  private readonly untold: string[] = [];

  /** True when it was usable until now: what an operator wants to hear of. */
  refuse(provider: string, credential: string, nowMs: number): boolean {
    const name = credentialName(provider, credential);
    const isNews = !this.refused.has(name);
    this.refused.set(name, nowMs + REFUSED_MS);
    this.untold.push(name);
    return isNews;
  }

  cool(provider: string, credential: string, untilMs: number): void {
    const name = credentialName(provider, credential);
    this.cooling.set(name, Math.max(untilMs, this.cooling.get(name) ?? 0));
  }

  /** It served. */
  accept(provider: string, credential: string): void {
    if (this.refused.size > 0) this.refused.delete(credentialName(provider, credential));
  }

  isRefused(provider: string, credential: string, nowMs: number): boolean {
    if (this.refused.size === 0) return false;
    return nowMs < (this.refused.get(credentialName(provider, credential)) ?? 0);
  }

  isUsable(provider: string, credential: string, nowMs: number): boolean {
    if (this.isRefused(provider, credential, nowMs)) return false;
    return this.cooling.size === 0 || nowMs >= (this.cooling.get(credentialName(provider, credential)) ?? 0);
  }

  /** Another process was refused. */
  adopt({ provider, credential, leftMs }: Refusal, nowMs: number): void {
    const name = credentialName(provider, credential);
    const untilMs = nowMs + Math.min(leftMs, REFUSED_MS);
    this.refused.set(name, Math.max(untilMs, this.refused.get(name) ?? 0));
  }

  /** Refusals since the last call, at most so many. */
  takeUntold(nowMs: number, most: number): readonly Refusal[] {
    return this.named(this.untold.splice(0, most), nowMs);
  }

  /** Refusals in force. */
  standing(nowMs: number): readonly Refusal[] {
    return this.named([...this.refused.keys()], nowMs);
  }

  /** The configuration changed, and credentials may have with it. */
  clear(): void {
    this.refused.clear();
    this.cooling.clear();
  }

  private named(names: readonly string[], nowMs: number): readonly Refusal[] {
    return names.flatMap((name) => {
      const leftMs = (this.refused.get(name) ?? 0) - nowMs;
      // A provider's id has no spaces; the name of a credential may have.
      const space = name.indexOf(' ');
      return leftMs > 0 ? [{ provider: name.slice(0, space), credential: name.slice(space + 1), leftMs }] : [];
    });
  }
}

/** Names a credential in every process of a deployment. */
export function credentialName(provider: string, credential: string): string {
  return `${provider} ${credential}`;
}
