import { isJsonObject, type JsonObject, type JsonValue } from '@switchyard/contract';

type Maybe = JsonValue | undefined;

/** Forgiving readers for JSON of unknown shape: the wrong type reads as nothing. */
export function textOf(value: Maybe): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: Maybe): number | null {
  return typeof value === 'number' ? value : null;
}

export function listOf(value: Maybe): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

export function objectOf(value: Maybe): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function objectsOf(value: Maybe): readonly JsonObject[] {
  return listOf(value).filter((item) => isJsonObject(item));
}
