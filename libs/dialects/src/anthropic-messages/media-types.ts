/** First characters of base64 data by format: Anthropic refuses an image whose bytes contradict its media type. */
const HEADS: readonly (readonly [string, string])[] = [
  ['/9j/', 'image/jpeg'],
  ['iVBORw0KGgo', 'image/png'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi', 'application/pdf'],
];

/** The media type that base64 data shows by its first bytes, else the declared one. */
export function sniffMediaType(data: string, declared: string): string {
  return HEADS.find(([head]) => data.startsWith(head))?.[1] ?? declared;
}
