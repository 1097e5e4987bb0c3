import { createHmac } from 'node:crypto';
import type { JsonObject } from '@switchyard/contract';
import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const PEPPER = 'a pepper of at least thirty-two bytes, for users';
const OTHER = 'sk-e2e-other-0123456789';
const KEYS = `
tenants: [{ id: elsewhere }]
keys:
  - { id: e2e, key: ${KEY} }
  - { id: other, tenant: elsewhere, key: ${OTHER} }
`;
const USER = 'jane.doe@example.com';
const hashed = (tenant: string, user = USER): string =>
  createHmac('sha256', PEPPER).update(`end user\0${tenant}\0${user}`).digest('hex');

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const BODY = { max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] };

/** Sends, and answers what reached the upstream. */
async function sent(rig: Rig, path: string, body: JsonObject, secret = KEY): Promise<JsonObject> {
  rig.forget();
  const reply = await rig.post(path, { ...BODY, ...body }, { authorization: `Bearer ${secret}` });
  expect(reply.status).toBe(200);
  return rig.simulator.requests[0]?.body ?? {};
}

describe('with hash_user', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(`${BOTH_DIALECTS}\nsecurity: { pepper: "${PEPPER}", hash_user: true }\n${KEYS}`);
  });
  afterAll(() => rig.stop());

  it.each([
    ['chat to chat', CHAT, { model: 'acme/chat', user: USER }, { user: hashed('default') }],
    [
      'chat to chat, by its newer name',
      CHAT,
      { model: 'acme/chat', safety_identifier: USER },
      { safety_identifier: hashed('default') },
    ],
    ['chat to messages', CHAT, { model: 'acme/messages', user: USER }, { metadata: { user_id: hashed('default') } }],
    [
      'messages to messages',
      MESSAGES,
      { model: 'acme/messages', metadata: { user_id: USER } },
      { metadata: { user_id: hashed('default') } },
    ],
    ['messages to chat', MESSAGES, { model: 'acme/chat', metadata: { user_id: USER } }, { user: hashed('default') }],
  ] as const)('the user of %s goes up as a keyed hash', async (_case, path, body, expected) => {
    const upstream = await sent(rig, path, body);
    expect(upstream).toMatchObject(expected);
    expect(JSON.stringify(upstream)).not.toContain('jane');
  });

  it('is another user for another tenant', async () => {
    expect(await sent(rig, CHAT, { model: 'acme/chat', user: USER }, OTHER)).toMatchObject({
      user: hashed('elsewhere'),
    });
  });

  it('leaves requests without a user alone', async () => {
    expect(await sent(rig, CHAT, { model: 'acme/chat' })).not.toHaveProperty('user');
    expect(await sent(rig, MESSAGES, { model: 'acme/messages', metadata: { user_id: null } })).toMatchObject({
      metadata: { user_id: null },
    });
  });
});

describe('without hash_user', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(BOTH_DIALECTS);
  });
  afterAll(() => rig.stop());

  it('a user goes to an upstream of the same dialect as it came', async () => {
    expect(await sent(rig, CHAT, { model: 'acme/chat', user: USER })).toMatchObject({ user: USER });
    const metadata = { user_id: USER };
    expect(await sent(rig, MESSAGES, { model: 'acme/messages', metadata })).toMatchObject({ metadata });
  });
});
