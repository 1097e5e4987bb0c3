/** What an operator may want to know of shipping. */
export type ShipperEvent =
  | { readonly type: 'ledger_away'; readonly error: Error }
  | { readonly type: 'ledger_back'; readonly awayMs: number }
  /** `id` is `null` for an entry that is no record. */
  | { readonly type: 'set_aside'; readonly id: string | null; readonly reason: string }
  /** Bytes of a segment that are no sound entries were skipped; the file is kept in `journal-damaged`. */
  | { readonly type: 'damaged'; readonly journal: string; readonly segment: number; readonly bytes: number }
  /** The journal of a process that is no more was read to its end, is in the ledger, and was removed. */
  | { readonly type: 'recovered'; readonly journal: string; readonly orphans: number }
  | { readonly type: 'fault'; readonly error: Error };
