import type { Model, ServiceTier, SortKey } from '@switchyard/contract';

/** One of the models a request names, resolved, with what the variant suffixes of its id ask for. */
export interface ModelRequest {
  /** Position in the request's list of models, from 0. */
  readonly index: number;
  /** As sent. */
  readonly id: string;
  readonly model: Model;
  /** Static variant (`free`, `extended`): only its endpoints serve; `null` = only those of no variant do. */
  readonly variant: string | null;
  /** Sort that `:nitro`, `:floor` or `:exacto` asks for. */
  readonly sort: SortKey | null;
  /** `:nitro` lets priority endpoints take part, `:floor` flex ones. */
  readonly admits: readonly Exclude<ServiceTier, 'default'>[];
}
