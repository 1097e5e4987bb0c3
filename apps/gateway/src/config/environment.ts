/** The process environment as everything else sees it: a value handed in, never read behind the back of a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A copy of the process environment. The only place that reads it. */
export function processEnvironment(): Environment {
  return { ...process.env };
}
