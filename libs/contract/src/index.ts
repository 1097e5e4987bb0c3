/** The nouns of Switchyard: types and closed tables. Imports nothing. */
export * from './catalog.js';
export * from './dialect.js';
export * from './errors.js';
export * from './json.js';
export { parseJson } from './parse-json.js';
export * from './plan.js';
export * from './policy.js';
export * from './price.js';
export { stringEnd } from './string-end.js';
export * from './upstream.js';
export * from './usage.js';
