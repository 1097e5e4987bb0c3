/** Drops what nobody needs any more, one look at a time: whoever adds also clears away, and nothing ever scans everything. */
export class IdleSweep<Value> {
  private hand: MapIterator<[string, Value]>;

  constructor(
    private readonly map: Map<string, Value>,
    private readonly isIdle: (value: Value, nowMs: number) => boolean,
  ) {
    this.hand = map.entries();
  }

  look(nowMs: number): void {
    const { value, done } = this.hand.next();
    if (done === true) {
      this.hand = this.map.entries();
      return;
    }
    if (this.isIdle(value[1], nowMs)) this.map.delete(value[0]);
  }
}
