const CHARACTERS_PER_TOKEN = 4;

/** The simulator's tokenizer: four characters are a token, so that a test can do the sum by hand. */
export function tokensInCharacters(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

export function tokensIn(text: string): number {
  return tokensInCharacters(text.length);
}

/** The longest start of `text` that fits in `tokens`, never half of a surrogate pair. */
export function firstTokens(text: string, tokens: number): string {
  const cut = text.slice(0, tokens * CHARACTERS_PER_TOKEN);
  return cut.isWellFormed() || cut.length === text.length ? cut : cut.slice(0, -1);
}
