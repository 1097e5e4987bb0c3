// Sets the clock of a process wrong: `node --import file:///.../shifted-clock.mjs?ms=90000 program`. Clocks that only ever
// run forward, and timers, are left alone.
const shiftMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const now = Date.now.bind(Date);

/** @type {ProxyHandler<DateConstructor>} */
const shifted = {
  construct: (date, args, subclass) =>
    /** @type {object} */ (Reflect.construct(date, args.length === 0 ? [now() + shiftMs] : args, subclass)),
  apply: () => new Date().toString(),
  get: (date, name) => (name === 'now' ? () => now() + shiftMs : /** @type {unknown} */ (Reflect.get(date, name))),
};

globalThis.Date = new Proxy(Date, shifted);
