/** A request turned down before any answer: what the HTTP error says, in either dialect's words. */
export class Refusal extends Error {
  readonly status: number;
  /** The error type; absent = the dialect's usual one for the status. */
  readonly type: string | undefined;
  /** OpenAI's `param` and `code`. */
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: number,
    message: string,
    details: { readonly type?: string; readonly param?: string; readonly code?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.type = details.type;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
  }
}
