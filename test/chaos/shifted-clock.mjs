// Sets the clock of a process wrong: `node --import file:///.../shifted-clock.mjs?ms=90000 program`. Clocks that only ever
// run forward, and timers, are left alone.
const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const now = Date.now.bind(Date);

/** @type {ProxyHandler<DateConstructor>} */
const shifted = {
  /** @returns {object} */
  construct(date, args, subclass) {
    /** @type {unknown} */
    const made = Reflect.construct(date, args.length === 0 ? [now() + shiftMs] : args, subclass);
    return /** @type {object} */ (made);
  },
  apply: () => new Date().toString(),
  /** @returns {unknown} */
  get: (date, name) => (name === 'now' ? () => now() + shiftMs : Reflect.get(date, name)),
};

globalThis.Date = new Proxy(Date, shifted);
