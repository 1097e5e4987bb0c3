import { Injectable } from '@nestjs/common';

/** Whether this process takes new work. Readiness follows it. */
@Injectable()
export class Lifecycle {
  private current: 'starting' | 'serving' | 'draining' = 'starting';

  /** `isHindered` answers whether something keeps this process from taking work at the moment. */
  constructor(private readonly isHindered: () => boolean = () => false) {}

  get isReady(): boolean {
    return this.current === 'serving' && !this.isHindered();
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
