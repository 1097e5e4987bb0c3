import { startReceiver } from '../testing/webhook-receiver.js';
import type { WebhookReceiver } from '../testing/webhook-receiver.js';
import { sendWebhook } from './send-webhook.js';

describe('sending a webhook', () => {
  let receiver: WebhookReceiver;

  afterEach(() => receiver.close());

  const call = (timeoutMs = 5_000): Parameters<typeof sendWebhook>[0] => ({
    url: receiver.url,
    headers: { 'content-type': 'application/json', 'x-test': 'yes' },
    body: '{"a":1}',
    timeoutMs,
  });

  it('posts the body with its headers and answers the status', async () => {
    receiver = await startReceiver(() => 503);
    expect(await sendWebhook(call())).toBe(503);
    expect(receiver.calls).toMatchObject([{ body: '{"a":1}', headers: { 'x-test': 'yes', connection: 'close' } }]);
  });

  it('follows no redirect', async () => {
    receiver = await startReceiver(() => 307);
    expect(await sendWebhook(call())).toBe(307);
    expect(receiver.calls).toHaveLength(1);
  });

  it('gives up on an endpoint that does not answer', async () => {
    receiver = await startReceiver(() => null);
    await expect(sendWebhook(call(50))).rejects.toThrow('timeout');
  });

  it('rejects when nobody listens', async () => {
    receiver = await startReceiver(() => 200);
    await receiver.close();
    await expect(sendWebhook(call())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    receiver = await startReceiver(() => 200);
  });
});
