import type { Dialect } from '../dialect.js';
import { writeError, writeStreamError } from './error-answers.js';
import { passAnswer, passRequest } from './pass-through.js';
import { readAnswer } from './read-answer.js';
import { readBounds } from './read-bounds.js';
import { readFacts } from './read-facts.js';
import { readRequest } from './read-request.js';
import { ChatStreamReader } from './read-stream.js';
import { ChatStreamTap } from './stream-tap.js';
import { readError, readErrorUnder200 } from './upstream-errors.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';
import { ChatStreamWriter, KEEP_ALIVE } from './write-stream.js';

/** OpenAI's Chat Completions, and the dialects of it that other hosts speak. https://platform.openai.com/docs/api-reference/chat */
export const openaiChat: Dialect = {
  id: 'openai-chat',
  expressible: new Set([
    'temperature',
    'top_p',
    'top_k',
    'min_p',
    'frequency_penalty',
    'presence_penalty',
    'repetition_penalty',
    'max_tokens',
    'max_completion_tokens',
    'logit_bias',
    'logprobs',
    'top_logprobs',
    'prediction',
    'seed',
    'response_format',
    'structured_outputs',
    'stop',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'include_reasoning',
    'reasoning',
    'reasoning_effort',
    'web_search_options',
    'verbosity',
  ]),
  path: '/chat/completions',
  readFacts,
  readBounds,
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  streamReader: (origin) => new ChatStreamReader(origin),
  streamWriter: (context) => new ChatStreamWriter(context),
  passRequest,
  passAnswer,
  streamTap: (origin, context) => new ChatStreamTap(origin, context),
  signIn: (apiKey): Readonly<Record<string, string>> => (apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` }),
  readError,
  readErrorUnder200,
  writeError,
  writeStreamError,
  keepAlive: () => KEEP_ALIVE,
};
