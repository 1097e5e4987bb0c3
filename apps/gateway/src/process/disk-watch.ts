import { statfs } from 'node:fs/promises';

const LOOK_MS = 1_000;

/**
 * Looks every second how much room the journal has. Below the minimum no request is taken any more, while there is still
 * room for the entries of those that run.
 */
export class DiskWatch {
  /** Bytes free for this process; `Infinity` until the first look. */
  freeBytes = Infinity;
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;

  /** `onFault` hears of a directory that cannot be looked at; nothing is refused for that alone. */
  constructor(
    private readonly directory: string,
    private readonly minFreeBytes: number,
    private readonly onFault: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  get isFull(): boolean {
    return this.freeBytes < this.minFreeBytes;
  }

  /** Looks now. Never rejects. */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const { bavail, bsize } = await statfs(this.directory);
      this.freeBytes = bavail * bsize;
    } catch (error) {
      this.onFault(error);
    } finally {
      this.isLooking = false;
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
