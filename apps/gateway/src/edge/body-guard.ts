import { GatewayError, isJsonObject } from '@switchyard/contract';
import type { JsonObject, RequestFacts } from '@switchyard/contract';
import type { DecodedBody } from '@switchyard/dialects';

/**
 * Fields with which other gateways let a request say where it goes and by whose credential, without case and punctuation.
 * What is not known here is passed on, and a gateway further up might obey.
 */
const STEERING: ReadonlySet<string> = new Set([
  'apibase',
  'baseurl',
  'apikey',
  'extraheaders',
  'extrabody',
  'extraquery',
  'litellmparams',
]);
/** What is inside of these is content, or read by rules of its own. */
const FREE_FORM: ReadonlySet<string> = new Set([
  'metadata',
  'provider',
  'provider_configs',
  'response_format',
  'output_format',
  'output_config',
  'prediction',
]);
/** The longest of `STEERING` with room for punctuation: longer keys need no second look. */
const STEERING_LENGTH_MAX = 24;

/**
 * Refuses what no dialect's own check looks at: fields that were sent twice, of which another parser would keep the other,
 * and fields that steer gateways. Throws `GatewayError(invalid_request)` with the path of the field.
 */
export function checkBody({ json, scan }: DecodedBody): void {
  const [repeated] = scan.duplicates;
  if (repeated !== undefined) {
    const name = repeated.slice(0, 80);
    throw new GatewayError('invalid_request', `${name}: the field may be sent only once.`, { param: name });
  }
  for (const key in json) {
    refuseSteering(key, json[key], '');
    const value = json[key];
    if (isJsonObject(value) && !FREE_FORM.has(key)) checkInside(value, `${key}.`);
  }
}

/** More images than `max` are work for nobody. Throws `GatewayError(invalid_request)`. */
export function checkImages({ images }: RequestFacts, max: number): void {
  if (images <= max) return;
  const message = `messages: at most ${String(max)} images are allowed in a request, got ${String(images)}.`;
  throw new GatewayError('invalid_request', message, { param: 'messages' });
}

/** The depth was bounded before. Lists are not looked into: they are messages, tools and other content. */
function checkInside(object: JsonObject, path: string): void {
  for (const key in object) {
    const value = object[key];
    refuseSteering(key, value, path);
    if (isJsonObject(value)) checkInside(value, `${path}${key}.`);
  }
}

function refuseSteering(key: string, value: unknown, path: string): void {
  if (key.length > STEERING_LENGTH_MAX || value === null || value === undefined) return;
  if (!STEERING.has(key.toLowerCase().replace(/[^a-z]/g, ''))) return;
  const param = `${path}${key}`;
  const message = `${param}: unknown field. Where a request goes is decided by the configuration and by provider_* fields.`;
  throw new GatewayError('invalid_request', message, { param });
}
