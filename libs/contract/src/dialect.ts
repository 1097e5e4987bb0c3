/** The wire protocols Switchyard speaks. Closed: a new one is a folder in `libs/dialects` and a line here. */
export const DIALECT_IDS = ['anthropic-messages', 'openai-chat'] as const;

export type DialectId = (typeof DIALECT_IDS)[number];

/** The client-facing name of a protocol, as in `POST /v1/routing/explain?protocol=`. */
export type Protocol = 'messages' | 'chat';

export const PROTOCOL_DIALECT: Readonly<Record<Protocol, DialectId>> = {
  messages: 'anthropic-messages',
  chat: 'openai-chat',
};
