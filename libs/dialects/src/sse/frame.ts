/** One server-sent event. `data` lines are joined by a newline, as the standard says. */
export interface SseFrame {
  /** Null when the frame has no `event:` line. */
  readonly event: string | null;
  readonly data: string;
}

/** Writes one frame. `data` must be a single line, which JSON text without white space between tokens always is. */
export function sseFrame(event: string | null, data: string): string {
  return event === null ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}
