import { ValidationTypes, getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';

type HintClass = new () => object;
type Test = (value: unknown) => boolean;

/** Whether a value is valid for a property, and why not. */
export interface PropertyCheck {
  /** The properties that the class states rules for. */
  readonly properties: readonly string[];
  accepts(property: string, value: unknown): boolean;
  /** class-validator's own message for a value that `accepts` refused. */
  complaint(property: string, value: unknown): string;
}

/**
 * Compiles the decorators of a class into one list of plain functions per property, so that a request pays for calling
 * the validators and not for class-validator's look-ups (metadata filtering and an error object per property).
 * Every property of such a class stands alone: conditions may look at its own value only.
 *
 * @throws Error at start when a decorator is of a kind that this does not know (nested or asynchronous ones).
 */
export function compileCheck(hintClass: HintClass): PropertyCheck {
  const tests = new Map<string, Test>();
  const storage = getMetadataStorage();
  const metadatas = storage.getTargetValidationMetadatas(hintClass, '', false, false);
  for (const [property, rules] of Object.entries(storage.groupByPropertyName(metadatas))) {
    tests.set(property, compileProperty(property, rules));
  }
  return {
    properties: [...tests.keys()],
    accepts: (property, value) => tests.get(property)?.(value) ?? false,
    complaint(property, value) {
      const [error] = validateSync(Object.assign(new hintClass(), { [property]: value }));
      // Decorators register from the bottom up: the last complaint is that of the uppermost, which is the most basic rule.
      return Object.values(error?.constraints ?? {}).at(-1) ?? 'is not valid';
    },
  };
}

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

function compileProperty(property: string, rules: readonly Metadata[]): Test {
  const conditions: Test[] = [];
  const constraints: Test[] = [];
  for (const rule of rules) {
    // Named through the strings class-validator stores, since its enum-like class is typed as plain strings.
    if (rule.type === ValidationTypes.CONDITIONAL_VALIDATION) conditions.push(compileCondition(property, rule));
    else if (rule.type === ValidationTypes.CUSTOM_VALIDATION) constraints.push(...compileConstraints(property, rule));
    else throw new Error(`The decorator ${rule.type} on ${property} cannot be compiled`);
  }
  return (value) => !conditions.every((holds) => holds(value)) || constraints.every((holds) => holds(value));
}

function compileCondition(property: string, rule: Metadata): Test {
  const condition = rule.constraints[0] as (object: object, value: unknown) => boolean;
  return (value) => condition({ [property]: value }, value);
}

function compileConstraints(property: string, rule: Metadata): readonly Test[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(rule.constraintCls)
    .map((constraint) => {
      if (constraint.async) throw new Error(`The asynchronous decorator on ${property} cannot be compiled`);
      const instance: ValidatorConstraintInterface = constraint.instance;
      const holds = (value: unknown): boolean => instance.validate(value, argumentsFor(property, value, rule)) === true;
      return rule.each ? (value) => (Array.isArray(value) ? value.every(holds) : holds(value)) : holds;
    });
}

function argumentsFor(property: string, value: unknown, rule: Metadata): ValidationArguments {
  return { targetName: '', property, value, object: {}, constraints: rule.constraints };
}
