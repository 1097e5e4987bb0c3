/** Chunks of an OpenAI chat stream and a whole answer, as upstreams of tests send them. */
const chunk = (delta: object, finishReason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'a/m-upstream', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;

export const ROLE = chunk({ role: 'assistant', content: '' });
export const textOf = (content: string): string => chunk({ content });
export const FINISH = chunk({}, 'stop');
export const DONE = 'data: [DONE]\n\n';
/** The usage of a whole stream: 7 tokens. */
export const USAGE = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'a/m-upstream', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })}\n\n`;

export const ANSWER = {
  id: 'chatcmpl-up',
  object: 'chat.completion',
  created: 1,
  model: 'a/m-upstream',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};
