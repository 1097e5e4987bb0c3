import type { Model, Provider, ResolvedModel } from '@switchyard/contract';

/** Suffixes a model id may carry after a colon; they stack. */
export const MODEL_VARIANTS = ['nitro', 'floor', 'free', 'extended', 'exacto', 'thinking', 'online'] as const;

const VARIANTS: ReadonlySet<string> = new Set(MODEL_VARIANTS);
/** Longer ids are unknown without a look. */
const ID_LENGTH_MAX = 512;

/**
 * Finds models by any of their names, without regard to case: the public id and aliases as they are; then, with dots and
 * dashes taken as the same (`claude-opus-4-8` is `claude-opus-4.8`), ids, aliases and the bare name after the author,
 * as long as only one model goes by it.
 */
export class ModelNames {
  private readonly exact: ReadonlyMap<string, Model>;
  private readonly loose: ReadonlyMap<string, Model | null>;

  constructor(models: readonly Model[]) {
    const exact = new Map<string, Model>();
    const loose = new Map<string, Model | null>();
    for (const model of models) {
      for (const name of [model.id, ...model.aliases]) exact.set(name.toLowerCase(), model);
    }
    for (const model of models) {
      for (const name of [model.id, ...model.aliases, bareName(model.id)])
        claim(loose, dashed(name.toLowerCase()), model);
    }
    this.exact = exact;
    this.loose = loose;
  }

  /** The model and the variant suffixes of an id as sent; `null` = unknown model or suffix. */
  resolve(id: string): ResolvedModel | null {
    if (id.length > ID_LENGTH_MAX) return null;
    let name = id.toLowerCase();
    const variants: string[] = [];
    for (;;) {
      const model = this.find(name);
      if (model !== null) return { model, variants };
      const colon = name.lastIndexOf(':');
      const variant = name.slice(colon + 1);
      if (colon < 0 || !VARIANTS.has(variant)) return null;
      if (!variants.includes(variant)) variants.unshift(variant);
      name = name.slice(0, colon);
    }
  }

  private find(name: string): Model | null {
    return this.exact.get(name) ?? this.loose.get(dashed(name)) ?? null;
  }
}

/** Finds providers by slug, display name or alias, ignoring case. Where several share a name, the first one has it. */
export class ProviderNames {
  private readonly byName: ReadonlyMap<string, Provider>;

  constructor(providers: readonly Provider[]) {
    const byName = new Map<string, Provider>();
    const note = (name: string, provider: Provider): void => {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), provider);
    };
    for (const provider of providers) note(provider.id, provider);
    for (const provider of providers) note(provider.name, provider);
    for (const provider of providers) for (const alias of provider.aliases ?? []) note(alias, provider);
    this.byName = byName;
  }

  find(slug: string): Provider | null {
    return this.byName.get(slug.toLowerCase()) ?? null;
  }
}

/** The name after the author: `claude-opus-4.8` of `anthropic/claude-opus-4.8`. */
export function bareName(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

/** A name that two models go by names neither. */
function claim(names: Map<string, Model | null>, name: string, model: Model): void {
  const holder = names.get(name);
  names.set(name, holder === undefined || holder === model ? model : null);
}

function dashed(name: string): string {
  return name.replaceAll('.', '-');
}
