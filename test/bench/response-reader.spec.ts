import fc from 'fast-check';
import { ResponseReader } from './response-reader.ts';

const JSON_RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a":"b\\n"}';
const STREAM_RESPONSE =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' +
  '9\r\ndata: 1\n\n\r\n' +
  'B\r\ndata: 2\n\nda\r\n8\r\nta: 3\n\nx\r\n0\r\n\r\n';

function readInPieces(response: string, cuts: readonly number[]): { reader: ResponseReader; completions: number } {
  const bytes = Buffer.from(response);
  const reader = new ResponseReader();
  const bounds = [0, ...[...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b), bytes.length];
  const completions = bounds
    .slice(1)
    .map((end, index) => (end > bounds[index]! ? reader.push(bytes.subarray(bounds[index], end)) : false))
    .filter(Boolean).length;
  return { reader, completions };
}

describe('the response reader', () => {
  it('finds the end of a response with a length, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 8 }), (cuts) => {
        const { reader, completions } = readInPieces(JSON_RESPONSE, cuts);
        expect([completions, reader.status, reader.bodyBytes, reader.events]).toEqual([1, 200, 11, 0]);
      }),
    );
  });

  it('finds the end of a chunked stream and counts its events, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (cuts) => {
        const { reader, completions } = readInPieces(STREAM_RESPONSE, cuts);
        expect([completions, reader.status, reader.bodyBytes, reader.events]).toEqual([1, 200, 28, 3]);
      }),
    );
  });

  it('reads one response after the other', () => {
    const reader = new ResponseReader();
    expect(reader.push(Buffer.from(STREAM_RESPONSE))).toBe(true);
    expect(reader.push(Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'))).toBe(true);
    expect(reader.status).toBe(503);
  });
});
