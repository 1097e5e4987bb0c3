/** Lets a fault of the program come up as an uncaught exception, without disturbing what runs at the moment. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
