import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';

/** The part of JSON Schema that settings are described in. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Constraint name under which `Shape` registers itself; readers of the metadata look for it. */
export const SHAPE = 'shape';

export interface ShapeRule {
  /** For editors and for the shipped schema. */
  readonly schema: JsonSchema;
  /** Completes "expected ...". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A value whose form no ready-made check describes. */
export function Shape(rule: ShapeRule): PropertyDecorator {
  return decorator(
    ValidateBy({
      name: SHAPE,
      constraints: [rule.schema, rule.expected],
      validator: { validate: rule.accepts, defaultMessage: () => rule.expected },
    }),
  );
}

/** An optional mapping with the settings of `section`. */
export function Section(section: () => new () => object): PropertyDecorator {
  return together(
    decorator(IsOptional()),
    decorator(Type(section)),
    decorator(IsObject()),
    decorator(ValidateNested()),
  );
}

/** An optional list of at most so many mappings with the settings of `entry`. */
export function ListOf(entry: () => new () => object, most: number): PropertyDecorator {
  return together(
    decorator(IsOptional()),
    decorator(Type(entry)),
    decorator(IsArray()),
    decorator(ArrayMaxSize(most)),
    decorator(ValidateNested({ each: true })),
  );
}

/** An optional duration in seconds, fractions allowed. */
export function Seconds(): PropertyDecorator {
  return together(decorator(IsOptional()), decorator(IsNumber()), decorator(IsPositive()), decorator(Max(86_400)));
}

/** An optional whole number within bounds, both included. */
export function WholeNumber(least: number, most: number): PropertyDecorator {
  return together(decorator(IsOptional()), decorator(IsInt()), decorator(Min(least)), decorator(Max(most)));
}

/** An optional share between 0 and 1. */
export function Share(): PropertyDecorator {
  return together(decorator(IsOptional()), decorator(IsNumber()), decorator(Min(0)), decorator(Max(1)));
}

const docs = new WeakMap<object, Map<string, string>>();

/** Text that the shipped schema shows for a setting. */
export function Doc(text: string): PropertyDecorator {
  return (prototype, property) => {
    const texts = docs.get(prototype) ?? new Map<string, string>();
    docs.set(prototype, texts.set(String(property), text));
  };
}

export function docOf(settings: new () => object, property: string): string | undefined {
  return docs.get(settings.prototype as object)?.get(property);
}

type LooseDecorator = (target: object, property: string) => void;

/** The libraries type their decorators for string-named properties only, which is all a settings class has. */
function decorator(from: LooseDecorator): PropertyDecorator {
  return (target, property) => {
    from(target, String(property));
  };
}

function together(...parts: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const part of parts) part(target, property);
  };
}
