/** More of a key is not looked at: comparing takes as long as both keys together are wide. */
const KEY_LENGTH_MAX = 64;

/**
 * The known key that a misspelt one most likely meant: the fewest single-character edits away, a swap of neighbours
 * counting as one (optimal string alignment). Ties go to the earlier known key.
 */
export function nearestKey(key: string, known: readonly string[]): string {
  const start = key.slice(0, KEY_LENGTH_MAX).toLowerCase();
  let nearest = '';
  let fewest = Infinity;
  for (const candidate of known) {
    const edits = editDistance(start, candidate);
    if (edits < fewest) {
      nearest = candidate;
      fewest = edits;
    }
  }
  return nearest;
}

function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
        swapped ? at(beforePrevious, column - 2) + 1 : Infinity,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
