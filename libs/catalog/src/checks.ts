import { ValidateBy, type ValidationOptions } from 'class-validator';
import { parseDecimal } from './pico.js';

/** Names under which the checks are known to readers of the validation metadata, such as the JSON Schema generator. */
const PRICE_CHECK = 'isPrice';
const HEADERS_CHECK = 'isHeaders';
const BASE_URL_CHECK = 'isBaseUrl';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** A non-negative decimal as a number or a string. The range is checked when the snapshot is built, in exact arithmetic. */
export function IsPrice(): PropertyDecorator {
  return ValidateBy(
    { name: PRICE_CHECK, validator: { validate: (value: unknown) => parseDecimal(value) !== null } },
    { message: 'a price in USD, zero or more, as a number or a decimal string (0.25 or "0.25")' },
  );
}

/** A map of header names to values that can go on the wire as they are. */
export function IsHeaders(): PropertyDecorator {
  return ValidateBy(
    { name: HEADERS_CHECK, validator: { validate: isHeaderMap } },
    { message: 'a map of HTTP header names to printable ASCII strings' },
  );
}

/** An absolute http(s) URL without credentials, query or fragment: paths are appended to it. */
export function IsBaseUrl(): PropertyDecorator {
  return ValidateBy(
    { name: BASE_URL_CHECK, validator: { validate: isBaseUrl } },
    { message: 'an absolute http or https URL without user name, query or fragment' },
  );
}

/** The options of a check on each member of an array, with what was expected of a member. */
export function each(message: string): ValidationOptions {
  return { each: true, message };
}

function isHeaderMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, content]) => HEADER_NAME.test(name) && typeof content === 'string' && HEADER_VALUE.test(content),
  );
}

function isBaseUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const url = new URL(value);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && (url.protocol === 'http:' || url.protocol === 'https:');
}
