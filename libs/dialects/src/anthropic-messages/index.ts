import type { Dialect } from '../dialect.js';
import { readError, readErrorUnder200 } from './errors.js';
import { passAnswer, passRequest } from './pass-through.js';
import { readAnswer } from './read-answer.js';
import { readBounds } from './read-bounds.js';
import { readFacts } from './read-facts.js';
import { readRequest } from './read-request.js';
import { AnthropicStreamReader } from './read-stream.js';
import { signIn } from './sign-in.js';
import { AnthropicStreamTap } from './stream-tap.js';
import { writeAnswer } from './write-answer.js';
import { writeError, writeStreamError } from './write-error.js';
import { writeRequest } from './write-request.js';
import { AnthropicStreamWriter } from './write-stream.js';

/** Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages). */
export const anthropicMessages: Dialect = {
  id: 'anthropic-messages',
  path: '/v1/messages',
  expressible: new Set([
    'include_reasoning',
    'max_completion_tokens',
    'max_tokens',
    'parallel_tool_calls',
    'reasoning',
    'reasoning_effort',
    'response_format',
    'stop',
    'structured_outputs',
    'temperature',
    'tool_choice',
    'tools',
    'top_k',
    'top_p',
    'web_search_options',
  ]),
  signIn,
  readFacts,
  readBounds,
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  streamReader: (origin) => new AnthropicStreamReader(origin),
  streamWriter: (context) => new AnthropicStreamWriter(context),
  passRequest,
  passAnswer: (body, _origin, context) => passAnswer(body, context),
  streamTap: (_origin, context) => new AnthropicStreamTap(context),
  readError,
  readErrorUnder200,
  writeError,
  writeStreamError: (error, requestId) => writeStreamError(error, requestId),
  // Before the message has begun only a comment is no event of it.
  keepAlive: (started) => (started ? 'event: ping\ndata: {"type":"ping"}\n\n' : ': keep-alive\n\n'),
};
