import { IsArray, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { COMPAT_FLAGS, PERMISSIONS } from '@switchyard/identity';
import type { CompatFlag, Permission } from '@switchyard/identity';
import { Doc, Section, Shape } from './checks.js';
import { LimitsSection } from './limits-section.js';
import { momentOf } from './moment.js';
import { PolicySection } from './policy-section.js';

/** Ids of keys and tenants. */
export const CALLER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const CALLER_ID_WORDS = {
  message: 'letters, digits, dots, dashes and underscores, at most 64, starting with a letter or digit',
};

/** A moment that means the same on every machine. */
export const MOMENT_RULE = {
  schema: { type: 'string', format: 'date-time' },
  expected: 'a time such as 2026-12-31T00:00:00Z, or a date',
  accepts: (value: unknown): boolean => typeof value === 'string' && momentOf(value) !== null,
};

/** One flag or a list of them. */
export const COMPAT_RULE = {
  schema: { anyOf: [{ enum: COMPAT_FLAGS }, { type: 'array', items: { enum: COMPAT_FLAGS } }] },
  expected: `one of ${COMPAT_FLAGS.join(', ')}, or a list of them`,
  accepts: (value: unknown): boolean => (Array.isArray(value) ? value : [value]).every(isCompatFlag),
};

export class TenantSection {
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  id!: string;

  @Doc('Rules for every request of the tenant.')
  @Section(() => PolicySection)
  policy?: PolicySection;

  @Doc('Limits over all keys of the tenant together.')
  @Section(() => LimitsSection)
  limits?: LimitsSection;
}

export class KeySection {
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  id!: string;

  @Doc('The tenant the key belongs to; default when absent.')
  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  tenant?: string;

  @Doc('The secret itself. Better taken from the environment: ${NAME}. Only its keyed hash is kept in memory.')
  @IsOptional()
  @Matches(/^[\x21-\x7e]{8,512}$/, { message: '8 to 512 printable ASCII characters without spaces' })
  key?: string;

  @Doc('Instead of the key: its HMAC-SHA-256 under security.pepper, in hexadecimal.')
  @IsOptional()
  @Matches(/^[0-9A-Fa-f]{64}$/, { message: '64 hexadecimal digits' })
  key_hash?: string;

  @Doc('A name for people.')
  @IsOptional()
  @IsString()
  @Length(1, 128)
  label?: string;

  @Doc('Rules for every request with this key.')
  @Section(() => PolicySection)
  policy?: PolicySection;

  @Section(() => LimitsSection)
  limits?: LimitsSection;

  @Doc('What the key may do.')
  @IsOptional()
  @IsArray()
  @IsIn(PERMISSIONS, { each: true })
  permissions?: Permission[];

  @Doc("Departures from a protocol's own shape: naga adds `created` to Messages answers.")
  @IsOptional()
  @Shape(COMPAT_RULE)
  compat?: CompatFlag | CompatFlag[];

  @Doc('The key is refused from this moment on.')
  @IsOptional()
  @Shape(MOMENT_RULE)
  expires_at?: string;
}

export function compatFlags(setting: CompatFlag | readonly CompatFlag[] | null | undefined): readonly CompatFlag[] {
  if (setting === null || setting === undefined) return [];
  return typeof setting === 'string' ? [setting] : setting;
}

function isCompatFlag(value: unknown): boolean {
  return COMPAT_FLAGS.some((flag) => flag === value);
}
