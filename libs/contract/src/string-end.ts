const BACKSLASH = 0x5c;

/**
 * Offset just past the quote that closes a JSON string, -1 when there is none. `from` lies within the string, at a place that no escape
 * straddles. Searching for quotes and looking back is several times faster than reading each character.
 */
export function stringEnd(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1) {
    let run = quote;
    while (run > from && text.charCodeAt(run - 1) === BACKSLASH) run--;
    const escaped = (quote - run) % 2 === 1;
    if (!escaped) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}
