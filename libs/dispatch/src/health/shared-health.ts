import type { CredentialRests } from './credential-rests.js';
import type { EndpointBook } from './endpoint-book.js';
import { DELTA_ENTRIES_MAX } from './health-delta.js';
import type { EndpointDelta, HealthDelta, KeyedEjection } from './health-delta.js';

/** What this process tells others of its endpoints, and what it takes from them. */
export class SharedHealth {
  private readonly ejected: string[] = [];
  private readonly reopened: string[] = [];

  constructor(
    private readonly book: EndpointBook,
    private readonly rests: CredentialRests,
    private readonly nowMs: () => number,
  ) {}

  /** Names of all endpoints of the catalogue. */
  get keys(): readonly string[] {
    return this.book.catalogued;
  }

  /** To be told with the next delta. */
  noteEjected(key: string): void {
    this.ejected.push(key);
  }

  noteReopened(key: string): void {
    this.reopened.push(key);
  }

  /** What this process saw since the last call, or so much of it as one message holds: the rest comes with the next. */
  take(): HealthDelta {
    const endpoints: EndpointDelta[] = [];
    for (const [key, record] of this.book.all()) {
      if (endpoints.length === DELTA_ENTRIES_MAX) break;
      const untold = record.takeUntold(key);
      if (untold !== null) endpoints.push(untold);
    }
    return {
      endpoints,
      ejections: this.ejections(this.ejected.splice(0, DELTA_ENTRIES_MAX)),
      reopened: this.reopened.splice(0, DELTA_ENTRIES_MAX),
      refused: this.rests.takeUntold(this.nowMs(), DELTA_ENTRIES_MAX),
    };
  }

  /** The ejections and refusals in force, for a process that begins. */
  standing(): HealthDelta {
    const keys = [...this.book.all()].map(([key]) => key);
    return {
      endpoints: [],
      ejections: this.ejections(keys).slice(0, DELTA_ENTRIES_MAX),
      reopened: [],
      refused: this.rests.standing(this.nowMs()).slice(0, DELTA_ENTRIES_MAX),
    };
  }

  /** Counted as seen now. What is not of the catalogue is passed over. */
  merge({ endpoints, ejections, reopened, refused }: HealthDelta): void {
    const nowMs = this.nowMs();
    for (const delta of endpoints) {
      const record = this.book.at(delta.key);
      record?.add(nowMs, delta);
      record?.circuit.hear(delta.passed, delta.faults);
    }
    for (const ejection of ejections) this.book.at(ejection.key)?.circuit.adopt(nowMs, ejection, this.book.rules);
    for (const key of reopened) this.book.at(key)?.circuit.reopen(nowMs);
    for (const refusal of refused) {
      if (this.book.hasCredential(refusal.provider, refusal.credential)) this.rests.adopt(refusal, nowMs);
    }
  }

  private ejections(keys: readonly string[]): readonly KeyedEjection[] {
    return keys.flatMap((key) => {
      const ejection = this.book.at(key)?.circuit.ejection(this.nowMs());
      return ejection === undefined || ejection === null ? [] : [{ key, ...ejection }];
    });
  }
}
