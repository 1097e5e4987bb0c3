import { Injectable } from '@nestjs/common';

/** Whether this process takes new work. Readiness follows it. */
@Injectable()
export class Lifecycle {
  private current: 'starting' | 'serving' | 'leaving' | 'draining' = 'starting';

  /** `isHindered` answers whether something keeps this process from taking work at the moment. */
  constructor(private readonly isHindered: () => boolean = () => false) {}

  get isReady(): boolean {
    return this.current === 'serving' && !this.isHindered();
  }

  /** Requests are taken, whether for long or not. */
  get isServing(): boolean {
    return this.current !== 'starting';
  }

  /** A stop was asked for: it is over with this process sooner or later. */
  get isLeaving(): boolean {
    return this.current === 'leaving' || this.current === 'draining';
  }

  get isDraining(): boolean {
    return this.current === 'draining';
  }

  serve(): void {
    if (this.current === 'starting') this.current = 'serving';
  }

  /** From now on readiness says no, so that load balancers send their traffic elsewhere; all else goes on. */
  leave(): void {
    if (this.current !== 'draining') this.current = 'leaving';
  }

  /** From now on answers close their connections and readiness says no. There is no way back. */
  drain(): void {
    this.current = 'draining';
  }
}
