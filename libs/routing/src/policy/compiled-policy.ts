import { PICO_PER_TOKEN_AT_USD_PER_MILLION, PICO_PER_USD } from '@switchyard/contract';
import type { MaxPrice, PolicyLayer } from '@switchyard/contract';
import { shiftDecimal } from './decimal.js';
import type { MergedRules, Rule } from './merged-rules.js';

export interface SlugRule {
  readonly layer: PolicyLayer;
  readonly slugs: ReadonlySet<string>;
}

export interface ModelRule {
  readonly layer: PolicyLayer;
  readonly globs: readonly RegExp[];
}

export interface ValueRule {
  readonly layer: PolicyLayer;
  readonly values: ReadonlySet<string>;
}

export interface Cap {
  readonly price: keyof MaxPrice;
  readonly layer: PolicyLayer;
  /** As stated, in `unit`. */
  readonly usd: number;
  /** Pico-USD per token or per unit, inclusive. */
  readonly pico: number;
  /** Pico-USD that make one USD in `unit`. */
  readonly scale: number;
  /** `USD/M` or the like, for the reason. */
  readonly unit: string;
}

/** Merged rules as lookups. */
export interface CompiledPolicy {
  readonly rules: MergedRules;
  readonly only: readonly SlugRule[];
  readonly ignore: readonly SlugRule[];
  readonly models: readonly ModelRule[];
  readonly quantizations: readonly ValueRule[];
  readonly regions: readonly ValueRule[];
  readonly caps: readonly Cap[];
  /** Slug -> position in `order`. */
  readonly order: ReadonlyMap<string, number> | null;
  /** Slugs that `order` or an `only` names: what a tier endpoint must be among to be opted in by name. */
  readonly named: ReadonlySet<string>;
}

/** A quantization that stands for itself and for its variants, as in OpenRouter's "Provider Selection". */
const QUANTIZATION_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  fp4: ['fp4', 'mxfp4', 'nvfp4'],
  fp8: ['fp8', 'mxfp8'],
};

const PER_MILLION = { shift: 6, scale: PICO_PER_TOKEN_AT_USD_PER_MILLION };
const PER_UNIT = { shift: 12, scale: PICO_PER_USD };

const CAP_UNITS: Readonly<Record<keyof MaxPrice, { shift: number; scale: number; unit: string }>> = {
  prompt: { ...PER_MILLION, unit: 'USD/M' },
  completion: { ...PER_MILLION, unit: 'USD/M' },
  request: { ...PER_UNIT, unit: 'USD/request' },
  image: { ...PER_UNIT, unit: 'USD/image' },
  audio: { ...PER_UNIT, unit: 'USD/audio token' },
};

export function compilePolicy(rules: MergedRules): CompiledPolicy {
  const only = rules.only.map(compileSlugs);
  const order = rules.order === null ? null : positions(rules.order.value);
  return {
    rules,
    only,
    ignore: rules.ignore.map(compileSlugs),
    models: rules.models.map(({ layer, value }) => ({ layer, globs: value.map(compileGlob) })),
    quantizations: rules.quantizations.map(({ layer, value }) => ({
      layer,
      values: new Set(value.flatMap((name) => QUANTIZATION_FAMILIES[name] ?? [name])),
    })),
    regions: rules.regions.map(({ layer, value }) => ({ layer, values: new Set(value.map(normaliseSlug)) })),
    caps: compileCaps(rules.maxPrice),
    order,
    named: new Set([...(order?.keys() ?? []), ...only.flatMap(({ slugs }) => [...slugs])]),
  };
}

function compileSlugs({ layer, value }: Rule<readonly string[]>): SlugRule {
  return { layer, slugs: new Set(value.map(normaliseSlug)) };
}

export function normaliseSlug(slug: string): string {
  return slug.trim().toLowerCase();
}

function positions(slugs: readonly string[]): ReadonlyMap<string, number> {
  const answer = new Map<string, number>();
  for (const slug of slugs.map(normaliseSlug)) {
    if (!answer.has(slug)) answer.set(slug, answer.size);
  }
  return answer;
}

/** `*` stands for any characters, everything else for itself, without regard to case. */
function compileGlob(glob: string): RegExp {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${glob.trim().split('*').map(literal).join('.*')}$`, 'i');
}

function compileCaps(caps: MergedRules['maxPrice']): readonly Cap[] {
  return Object.entries(caps).map(([name, { layer, value }]) => {
    const price = name as keyof MaxPrice;
    const { shift, scale, unit } = CAP_UNITS[price];
    return { price, layer, usd: value, pico: shiftDecimal(value, shift), scale, unit };
  });
}
