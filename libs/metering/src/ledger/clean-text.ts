/**
 * Text as both databases take it: PostgreSQL refuses NUL, and UTF-8 has no lone surrogates. Either becomes U+FFFD. `max`
 * counts UTF-16 code units.
 */
export function cleanText(text: string, max = Infinity): string {
  const cut = text.length > max ? text.slice(0, max) : text;
  return cut.replaceAll('\0', '\uFFFD').toWellFormed();
}
