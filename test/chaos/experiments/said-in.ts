/** A piece of text in an answer or in an event of a stream, of either protocol. */
const PIECE = /"(?:content|text)":("(?:[^"\\]|\\.)*")/g;

/** What a model says in an answer as it came: a stream cuts words wherever it likes. */
export function saidIn(text: string): string {
  return [...text.matchAll(PIECE)].map(([, piece]) => JSON.parse(piece ?? '""') as string).join('');
}
