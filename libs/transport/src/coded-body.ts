import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';

type Decoder = (
  coded: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, decoded: Buffer) => void,
) => void;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
  zstd: zstdDecompress,
};

/** The decoder for a `content-encoding`: `null` when there is nothing to decode, `'unknown'` for a foreign or stacked coding. */
export function decoderFor(contentEncoding: string | undefined): Decoder | null | 'unknown' {
  const coding = contentEncoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return null;
  return Object.hasOwn(DECODERS, coding) ? (DECODERS[coding] ?? 'unknown') : 'unknown';
}

/** A coded body, decoded as a whole at its end, on a thread of its own, into at most `maxBytes`: a few KB may hold gigabytes. */
export class CodedBody {
  private readonly chunks: Buffer[] = [];

  constructor(
    private readonly decode: Decoder,
    /** Of the coded body as of the decoded one. */
    readonly maxBytes: number,
  ) {}

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  /** Calls back later, with null when the body is not in its coding, cut short or too large decoded. */
  finish(done: (decoded: Buffer | null) => void): void {
    this.decode(Buffer.concat(this.chunks), { maxOutputLength: this.maxBytes }, (error, decoded) => {
      done(error === null ? decoded : null);
    });
  }
}
