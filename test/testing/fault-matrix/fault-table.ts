import type { FailureClass, UsageSource } from '@switchyard/contract';

/** What becomes of a request whose upstream misbehaves. */
export type Fate =
  /** The answer is good, or good enough; `usage` says where its counts are from. */
  | { readonly kind: 'served'; readonly usage: UsageSource }
  /** Nothing that could be shown came: the next endpoint is tried, and without one the client gets a status. */
  | { readonly kind: 'failed'; readonly failure: FailureClass }
  /** Content was shown and cannot be taken back: an error in the stream, no terminator, no second attempt. */
  | { readonly kind: 'broken'; readonly failure: FailureClass };

export type UpstreamDialect = 'messages' | 'chat';
/** Where the two dialects differ, each has its own. */
type Fates = Fate | Readonly<Record<UpstreamDialect, Fate>>;

/** Faults that no HTTP server can play: the connection itself is the fault. */
export type HostileMode = 'connect_refuse' | 'never_accept' | 'tls_self_signed' | 'tls_expired' | 'tls_hang';

export interface FaultRow {
  /** `mode:argument` as the simulator takes it, or a hostile mode. */
  readonly mode: string;
  readonly isHostile: boolean;
  readonly whole: Fates;
  readonly stream: Fates;
  /** Of the request; 64 when absent. */
  readonly maxTokens?: number;
  /** What the upstream asks to wait. */
  readonly retryAfterS?: number;
}

const served = (usage: UsageSource = 'upstream'): Fate => ({ kind: 'served', usage });
const failed = (failure: FailureClass): Fate => ({ kind: 'failed', failure });
const broken = (failure: FailureClass): Fate => ({ kind: 'broken', failure });

/** The same without and with streaming when only one fate is named. */
const row = (mode: string, whole: Fates, stream: Fates = whole, more: Partial<FaultRow> = {}): FaultRow => ({
  mode,
  isHostile: false,
  whole,
  stream,
  ...more,
});
const hostile = (mode: HostileMode): FaultRow => row(mode, failed('connect'), undefined, { isHostile: true });

/** Every way in which an upstream may misbehave, with what becomes of a request that meets it. */
export const FAULT_TABLE: readonly FaultRow[] = [
  // Slow, but well.
  row('ok', served()),
  row('ok_slow:50', served()),
  row('ttft:50', served()),
  row('tps:500', served()),
  row('big:1', served(), served(), { maxTokens: 1_000_000 }),
  row('slow_body_read:50', served()),
  row('refusal', { messages: served(), chat: served('estimated') }),
  row('extra_response', served()),
  row('1xx_flood:3', served()),

  // No connection.
  hostile('connect_refuse'),
  hostile('never_accept'),
  hostile('tls_self_signed'),
  hostile('tls_expired'),
  hostile('tls_hang'),
  row('accept_then_close', failed('connect')),

  // Statuses.
  row('status:401', failed('auth')),
  row('status:402', failed('billing')),
  row('status:403', failed('auth')),
  row('status:404', failed('not_found')),
  row('status:408', failed('timeout')),
  row('status:409', failed('server')),
  row('status:413', failed('too_large')),
  row('status:422', failed('invalid_request')),
  row('status:429:30', failed('rate_limited'), undefined, { retryAfterS: 30 }),
  row('429_date:30', failed('rate_limited'), undefined, { retryAfterS: 30 }),
  row('status:500', failed('server')),
  row('status:502', failed('server')),
  row('status:503', failed('overloaded')),
  row('status:504', failed('timeout')),
  row('status:529', failed('overloaded')),
  row('invalid_400', failed('invalid_request')),
  row('context_overflow', failed('context_length')),
  row('echo_secret:401', failed('auth')),
  row('echo_secret:400', { messages: failed('invalid_request'), chat: failed('auth') }),
  row('echo_secret:500', failed('server')),

  // Errors behind a 200, and answers that are none.
  row('200_json_error', failed('server')),
  row('200_json_error:429', failed('rate_limited')),
  row('200_sse_error_first', { messages: failed('overloaded'), chat: failed('server') }),
  row('200_html', failed('invalid_answer')),
  row('200_empty', failed('invalid_answer')),
  row('empty_stream', failed('invalid_answer')),
  row('redirect', failed('invalid_answer')),
  row('bad_status_line', failed('invalid_answer')),
  row('header_flood', failed('invalid_answer')),
  row('1xx_flood', failed('invalid_answer')),
  row('gzip_layers:1', served(), failed('invalid_answer')),
  row('gzip_layers:5', failed('invalid_answer')),
  row('gzip_bomb:1', failed('invalid_answer')),

  // Time.
  row('no_headers', failed('timeout')),
  row('stall', failed('timeout')),
  row('stall:3', failed('timeout'), broken('timeout')),
  row('trickle:50', failed('timeout')),
  row('pings_forever', failed('timeout')),

  // Ends that are none.
  row('rst', failed('truncated')),
  row('rst:3', failed('truncated'), broken('truncated')),
  row('chunk_cut', failed('truncated')),
  row('chunk_cut:3', failed('truncated'), broken('truncated')),
  row('cl_short', failed('truncated')),
  row('cl_short:3', failed('truncated'), broken('truncated')),
  row('close_delimited_cut', failed('invalid_answer')),
  row('close_delimited_cut:3', failed('invalid_answer'), broken('truncated')),
  row('sse_no_terminator', failed('invalid_answer'), broken('truncated')),
  row('sse_no_terminator:last', failed('invalid_answer'), { messages: broken('truncated'), chat: served() }),
  row('error_event', failed('overloaded'), { messages: failed('overloaded'), chat: failed('server') }),
  row('error_event:3', failed('overloaded'), { messages: broken('overloaded'), chat: broken('server') }),

  // Size.
  row('infinite:5', failed('timeout'), broken('invalid_answer')),
  row('overrun_max_tokens', served(), broken('invalid_answer')),
  row('huge_event:2', served(), failed('invalid_answer')),
  row('no_newline:2', failed('invalid_answer')),

  // Grammar.
  row('bad_json', failed('invalid_answer')),
  row('bad_json:3', failed('invalid_answer'), broken('invalid_answer')),
  row('unknown_event', served()),
  row('order_broken', served(), { messages: failed('invalid_answer'), chat: served() }),
  row('double_start', served()),
  row('split_utf8', served()),
  row('crlf_mix', served()),
  row('tool_args_split', served()),

  // Counts that cannot be true.
  row('usage_missing', served('estimated')),
  row('usage_negative', served('estimated')),
  row('usage_nan', served('estimated')),
  row('usage_huge', served('estimated')),
  row('usage_string', served('estimated')),
  row('usage_zero', served('estimated')),
  row('usage_decreasing', served()),
];

export function fateOf({ whole, stream }: FaultRow, streams: boolean, upstream: UpstreamDialect): Fate {
  const fates = streams ? stream : whole;
  return 'kind' in fates ? fates : fates[upstream];
}
