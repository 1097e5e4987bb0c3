/** FNV-1a over UTF-16 units: spreads a model id over 32 bits, so that the draws of several groups are independent. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** One number in [0, 1), always the same for a seed and a text. The mixing is one step of mulberry32. */
export function drawFraction(seed: number, text: string): number {
  // Multiplied apart first: neighbouring seeds, which callers like to use, must not give neighbouring states.
  let state = (Math.imul(Math.trunc(seed) ^ Math.trunc(seed / 2 ** 32), 0x9e3779b1) ^ hashText(text)) >>> 0;
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
