import { IsArray, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { PERMISSIONS } from '@switchyard/identity';
import type { CompatFlag, Permission } from '@switchyard/identity';
import { CALLER_ID, CALLER_ID_WORDS, COMPAT_RULE, MOMENT_RULE } from '../config/caller-sections.js';
import { Section, Shape } from '../config/checks.js';
import { LimitsSection } from '../config/limits-section.js';
import { PolicySection } from '../config/policy-section.js';

/** Longest time for which two secrets of a key may be valid: a month. */
const GRACE_MAX_S = 31 * 24 * 60 * 60;

/** Body of `PATCH /admin/v1/tenants/:id`. Absent = as it is, `null` = none. */
export class TenantChangeForm {
  @Section(() => PolicySection)
  policy?: PolicySection | null;

  @Section(() => LimitsSection)
  limits?: LimitsSection | null;
}

/** Body of `PATCH /admin/v1/keys/:id`. Absent = as it is, `null` = the default. */
export class KeyChangeForm {
  @IsOptional()
  @IsString()
  @Length(1, 128)
  label?: string | null;

  @Section(() => PolicySection)
  policy?: PolicySection | null;

  @Section(() => LimitsSection)
  limits?: LimitsSection | null;

  @IsOptional()
  @IsArray()
  @IsIn(PERMISSIONS, { each: true })
  permissions?: Permission[] | null;

  @IsOptional()
  @Shape(MOMENT_RULE)
  expires_at?: string | null;
}

/** Body of `POST /admin/v1/keys`. */
export class NewKeyForm extends KeyChangeForm {
  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  id?: string | null;

  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  tenant?: string | null;

  @IsOptional()
  @Shape(COMPAT_RULE)
  compat?: CompatFlag | CompatFlag[] | null;
}

/** Body of `POST /admin/v1/keys/:id/rotate`. */
export class RotationForm {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(GRACE_MAX_S)
  grace_s?: number | null;
}

const PAGE_SIZE_FORM = /^(?:[1-9]\d{0,2}|1000)$/;

/** The query of a list of keys or tenants. */
export class CallerListQuery {
  @IsOptional()
  @Matches(PAGE_SIZE_FORM, { message: 'a whole number from 1 to 1000' })
  limit?: string;

  @IsOptional()
  @Matches(CALLER_ID, { message: 'the next_cursor of the page before' })
  cursor?: string;
}

export class KeyListQuery extends CallerListQuery {
  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  tenant?: string;
}
