import { parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { malformedJson } from './malformed-json.js';
import { scanObject, type ObjectScan, type ScanLimits } from './scan-object.js';

/** A JSON object in the three forms a request needs: the bytes to forward, the tree to read, the spans to edit. */
export interface DecodedBody {
  readonly bytes: Buffer;
  /** UTF-16 units of the text that the bytes are. */
  readonly characters: number;
  readonly json: JsonObject;
  readonly scan: ObjectScan;
}

/**
 * Scans, then parses. Throws `GatewayError(invalid_request)` with the byte offset of the first fault.
 */
export function decodeBody(bytes: Buffer, limits: ScanLimits): DecodedBody {
  const scan = scanObject(bytes, limits);
  try {
    const text = bytes.toString('utf8');
    return { bytes, characters: text.length, json: parseJson(text) as JsonObject, scan };
  } catch {
    throw malformedJson(bytes);
  }
}
