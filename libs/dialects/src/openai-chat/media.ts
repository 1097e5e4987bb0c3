import type { JsonObject } from '@switchyard/contract';
import type { ImageBlock, MediaSource } from '@switchyard/conversation';
import { defined, objectOf, textOf } from './fields.js';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,/i;

/** A `data:` URL as inline bytes, anything else as a URL that nobody here fetches. */
export function sourceOfUrl(url: string, defaultMediaType: string): MediaSource {
  const head = DATA_URL.exec(url);
  if (head === null) return { kind: 'url', url };
  const mediaType = textOf(head[1]) ?? defaultMediaType;
  const payload = url.slice(head[0].length);
  if (head[3] !== undefined) return { kind: 'base64', mediaType, data: payload };
  return { kind: 'text', mediaType, text: decodePercent(payload) };
}

export function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}

/** An `image_url` part, with the URL in an object or bare, as a block; undefined when it has none. */
export function readImage(part: JsonObject): ImageBlock | undefined {
  const image = objectOf(part['image_url']);
  const url = textOf(image?.['url']) ?? textOf(part['image_url']);
  if (url === undefined) return undefined;
  return {
    type: 'image',
    source: sourceOfUrl(url, 'image/png'),
    ...defined({ detail: textOf(image?.['detail']) }),
  };
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
