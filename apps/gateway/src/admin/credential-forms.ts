import { Type } from 'class-transformer';
import { IsNumber, IsObject, IsOptional, IsPositive, Matches, Max, ValidateNested } from 'class-validator';
import { AccountLimitsEntry } from '@switchyard/catalog';
import { CALLER_ID, CALLER_ID_WORDS } from '../config/caller-sections.js';

const PROVIDER = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const SECRET = /^[\x21-\x7e]{8,4096}$/;
const SECRET_WORDS = { message: '8 to 4096 printable ASCII characters without spaces' };

/** What a credential has beside its secret. Absent = as it is, `null` = the default. */
class CredentialFields {
  /** Share of the traffic among the credentials of the provider. */
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'a number above 0' })
  @IsPositive({ message: 'a number above 0' })
  @Max(1_000_000, { message: 'a number up to 1000000' })
  weight?: number | null;

  /** The provider's own limits on this account. */
  @IsOptional()
  @Type(() => AccountLimitsEntry)
  @IsObject({ message: 'a mapping of limits' })
  @ValidateNested()
  limits?: AccountLimitsEntry | null;
}

/** Body of `PATCH /admin/v1/credentials/:provider/:id`. */
export class CredentialChangeForm extends CredentialFields {
  @IsOptional()
  @Matches(SECRET, SECRET_WORDS)
  api_key?: string | null;
}

/** Body of `POST /admin/v1/credentials`. */
export class NewCredentialForm extends CredentialFields {
  @Matches(PROVIDER, { message: 'the id of a provider of the catalogue' })
  provider!: string;

  @Matches(CALLER_ID, CALLER_ID_WORDS)
  id!: string;

  @Matches(SECRET, SECRET_WORDS)
  api_key!: string;
}
