import { NO_USAGE } from '@switchyard/conversation';
import type { StreamEvent } from '@switchyard/conversation';
import type {
  AnswerContext,
  AnswerOrigin,
  Dialect,
  StreamProgress,
  StreamReader,
  StreamTap,
  StreamWriter,
  WriteContext,
} from '../dialect.js';
import type { SseFrame } from '../sse/frame.js';

/** A streamed answer on its way from one upstream attempt to the client: a tap on the same dialect, a translator otherwise. */
export function streamRelay(
  client: Dialect,
  upstream: Dialect,
  origin: AnswerOrigin,
  context: AnswerContext,
): StreamTap {
  if (client.id === upstream.id) return client.streamTap(origin, context);
  const progress = freshProgress();
  const costFields: WriteContext['costFields'] = (report) => context.costFields(report, progress.contentLength);
  return new StreamTranslator(upstream.streamReader(origin), client.streamWriter({ ...context, costFields }), progress);
}

/** Nothing seen yet. */
export function freshProgress(): StreamProgress {
  return {
    semantic: false,
    done: false,
    usage: NO_USAGE,
    stopReason: null,
    upstreamModel: '',
    upstreamId: '',
    serviceTier: null,
    contentLength: 0,
  };
}

class StreamTranslator implements StreamTap {
  constructor(
    private readonly reader: StreamReader,
    private readonly writer: StreamWriter,
    readonly progress: StreamProgress,
  ) {}

  pass(frame: SseFrame): string {
    return this.translate(this.reader.read(frame));
  }

  end(): string {
    return this.translate(this.reader.end());
  }

  private translate(events: readonly StreamEvent[]): string {
    let text = '';
    for (const event of events) {
      this.observe(event);
      text += this.writer.write(event);
    }
    return text;
  }

  private observe(event: StreamEvent): void {
    const progress = this.progress;
    switch (event.type) {
      case 'message-start':
        progress.upstreamId = event.upstreamId;
        progress.upstreamModel = event.upstreamModel;
        progress.serviceTier = event.serviceTier ?? null;
        if (event.usage.present) progress.usage = event.usage;
        break;
      case 'text-delta':
      case 'thinking-delta':
      case 'refusal-delta':
        progress.contentLength += event.text.length;
        progress.semantic = true;
        break;
      case 'tool-call-delta':
        progress.contentLength += event.arguments.length;
        progress.semantic = true;
        break;
      case 'tool-call-start':
      case 'redacted-thinking':
      case 'image':
      case 'opaque':
      case 'citation':
        progress.semantic = true;
        break;
      case 'message-delta':
        progress.stopReason = event.stopReason;
        // A refusal may have no content at all and is an answer all the same.
        if (event.stopReason === 'refusal' || event.stopReason === 'content-filter') progress.semantic = true;
        break;
      case 'message-end':
        progress.done = true;
        progress.serviceTier = event.serviceTier ?? progress.serviceTier;
        if (event.usage.present) progress.usage = event.usage;
        break;
      case 'text-start':
      case 'thinking-start':
      case 'thinking-signature':
      case 'refusal-start':
      case 'block-end':
      case 'logprobs':
      case 'ping':
        break;
    }
  }
}
