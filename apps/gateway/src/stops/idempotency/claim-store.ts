/** A request that asks to be the only one under its key. */
export interface ClaimAsk {
  /** Names the key of this caller and tells nothing of either: 64 hexadecimal digits. */
  readonly slot: string;
  /** Equal for equal requests: 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** Digits of the generation id: whoever holds the slot. Asking again with the same ones is granted again. */
  readonly owner: string;
}

/** What becomes of it. */
export type ClaimAnswer =
  | { readonly outcome: 'claimed' }
  /** The same request runs. */
  | { readonly outcome: 'running' }
  /** Another request has the key. */
  | { readonly outcome: 'mismatch' }
  /** The same request was answered; `sealed` is what `keep` was given. */
  | { readonly outcome: 'kept'; readonly owner: string; readonly sealed: Buffer }
  /** The same request was answered, and the answer is not here. */
  | { readonly outcome: 'not_kept'; readonly owner: string };

/** How long a claim outlives its process: it is renewed while the request runs. */
export const LEASE_MS = 60_000;

/** Where claims and answers are. Methods reject when nobody can tell; a command that timed out may be carried out later. */
export interface ClaimStore {
  claim(ask: ClaimAsk): Promise<ClaimAnswer>;
  /** Another lease for a running claim. */
  renew(ask: ClaimAsk): Promise<void>;
  /** The request was answered; `sealed` is `null` where the answer is not to be had again. Nothing happens to a slot that another took over. */
  keep(ask: ClaimAsk, sealed: Buffer | null, keepMs: number): Promise<void>;
  /** The request was not answered: its slot is free again. */
  release(ask: ClaimAsk): Promise<void>;
  /** Resolves once the store is there, or after `timeoutMs`. */
  whenReady(timeoutMs: number): Promise<void>;
  close(): void;
}
