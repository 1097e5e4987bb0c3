import { Injectable } from '@nestjs/common';

/** Whether this process takes new work. Readiness follows it. */
@Injectable()
export class Lifecycle {
  private current: 'starting' | 'serving' | 'draining' = 'starting';

  get isReady(): boolean {
    return this.current === 'serving';
  }

  get isDraining(): boolean {
    return this.current === 'draining';
  }

  serve(): void {
    if (this.current === 'starting') this.current = 'serving';
  }

  /** From now on answers close their connections and readiness says no. There is no way back. */
  drain(): void {
    this.current = 'draining';
  }
}
