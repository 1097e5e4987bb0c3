/** One server-sent event. `data` lines are joined by a newline, as the standard says. */
export interface SseFrame {
  /** Null when the frame has no `event:` line. */
  readonly event: string | null;
  readonly data: string;
}

/**
 * Writes one frame. Line breaks in `data`, which JSON allows between tokens, each begin a new `data:` line, and those in
 * a name become spaces: written raw they would let an upstream forge fields of the frame, or whole frames.
 */
export function sseFrame(event: string | null, data: string): string {
  const lines = data.includes('\n') || data.includes('\r') ? data.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : data;
  if (event === null) return `data: ${lines}\n\n`;
  const name = event.includes('\n') || event.includes('\r') ? event.replaceAll(/[\r\n]+/g, ' ') : event;
  return `event: ${name}\ndata: ${lines}\n\n`;
}
