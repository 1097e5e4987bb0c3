import 'reflect-metadata';
import { AUTH_TYPES, isJsonObject } from '@switchyard/contract';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min, ValidateBy } from 'class-validator';

const API_KEY_LENGTH_MAX = 4_096;
const URL_LENGTH_MAX = 2_048;
const HEADERS_MAX = 16;
const HEADER_VALUE_LENGTH_MAX = 2_048;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

const HEADER_NAME_EXPECTED = 'must be the name of an HTTP header, which is not one of the connection or the body';
const TIMEOUT_EXPECTED = 'must be a whole number of milliseconds from 1000 to 120000';
const RATE_EXPECTED = 'must be a whole number from 1 to 100000';

/** Headers that frame a message, name its host or say on whose behalf it is sent: the gateway's own to write. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);
const RESERVED_PREFIXES = /^(proxy-|x-forwarded-|x-real-ip$|x-switchyard-|:)/;

/** Headers that sign in: those are written from `api_key`. */
const SIGNING_HEADERS: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'api-key']);

function isHeaderName(name: unknown): boolean {
  if (typeof name !== 'string' || !HEADER_NAME.test(name)) return false;
  const lower = name.toLowerCase();
  return !RESERVED_HEADERS.has(lower) && !RESERVED_PREFIXES.test(lower);
}

function isHeaderMap(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const entries = Object.entries(value);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  return entries.length <= HEADERS_MAX && names.size === entries.length && entries.every(isHeader);
}

function isHeader([name, value]: readonly [string, unknown]): boolean {
  const isSound = isHeaderName(name) && typeof value === 'string' && HEADER_VALUE.test(value);
  return isSound && value.length <= HEADER_VALUE_LENGTH_MAX && !SIGNING_HEADERS.has(name.toLowerCase());
}

function IsHeaderName(): PropertyDecorator {
  return ValidateBy({ name: 'isHeaderName', validator: { validate: isHeaderName } }, { message: HEADER_NAME_EXPECTED });
}

function IsHeaderMap(): PropertyDecorator {
  const message =
    `must be an object of at most ${HEADERS_MAX} header names, each given once, and printable ASCII strings; ` +
    'headers of the connection, of the body, and those that sign in (use api_key) are not among them';
  return ValidateBy({ name: 'isHeaderMap', validator: { validate: isHeaderMap } }, { message });
}

/** A field of the API this comes from that nothing here would act on: refused rather than ignored. */
function IsWithoutEffect(message: string): PropertyDecorator {
  return ValidateBy({ name: 'isWithoutEffect', validator: { validate: () => false } }, { message });
}

/** One entry of `provider_configs`. No complaint repeats a value: most of them are secrets. */
export class ProviderConfigFields {
  @IsOptional()
  @IsString({ message: 'must be a string' })
  @Length(1, API_KEY_LENGTH_MAX, { message: `must be at most ${API_KEY_LENGTH_MAX} characters` })
  @Matches(/^[\x21-\x7e]*$/, { message: 'must be printable ASCII characters without blanks' })
  api_key?: unknown;

  @IsOptional()
  @IsString({ message: 'must be a string' })
  @Length(1, URL_LENGTH_MAX, { message: `must be at most ${URL_LENGTH_MAX} characters` })
  base_url?: unknown;

  @IsOptional()
  @IsIn(AUTH_TYPES, { message: `must be one of ${AUTH_TYPES.join(', ')}` })
  auth_type?: unknown;

  @IsOptional()
  @IsHeaderName()
  auth_header_name?: unknown;

  @IsOptional()
  @IsHeaderMap()
  headers?: unknown;

  @IsOptional()
  @IsInt({ message: TIMEOUT_EXPECTED })
  @Min(1_000, { message: TIMEOUT_EXPECTED })
  @Max(120_000, { message: TIMEOUT_EXPECTED })
  timeout_ms?: unknown;

  @IsOptional()
  @IsInt({ message: RATE_EXPECTED })
  @Min(1, { message: RATE_EXPECTED })
  @Max(100_000, { message: RATE_EXPECTED })
  rate_limit_rpm?: unknown;

  @IsOptional()
  @IsWithoutEffect('is not supported: endpoints are judged by how they answer requests')
  health_endpoint?: unknown;

  @IsOptional()
  @IsWithoutEffect('is not supported: provider_allow_fallbacks and models say what follows a failure')
  retry_config?: unknown;
}
