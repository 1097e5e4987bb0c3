import { Recorder, type MutableRecord } from './recorder.js';

function record(id: string): MutableRecord {
  return {
    id,
    dialect: 'openai-chat',
    method: 'POST',
    path: '/',
    headers: {},
    provider: null,
    startedMs: 0,
    bodyText: '',
    body: null,
    model: null,
    fault: null,
    status: null,
    bytesWritten: 0,
    eventsWritten: 0,
    tokensWritten: 0,
    finishedMs: null,
    abortedMs: null,
    aborted: false,
  };
}

describe('the recorder', () => {
  it('keeps the last thousand requests', () => {
    const recorder = new Recorder();
    for (let id = 0; id < 1_010; id += 1) recorder.add(record(String(id)));
    expect(recorder.requests).toHaveLength(1_000);
    expect(recorder.requests[0]?.id).toBe('10');
  });

  it('keeps fewer when their bodies are large, but always the last', () => {
    const recorder = new Recorder();
    const body = 'x'.repeat(30 * 1024 * 1024);
    for (const id of ['a', 'b', 'c']) {
      const added = record(id);
      recorder.add(added);
      recorder.keepBody(added, body);
    }
    expect(recorder.requests.map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('tells whoever waits as soon as a request becomes what it waits for', async () => {
    const recorder = new Recorder();
    const added = record('a');
    const waiting = recorder.waitFor((request) => request.status === 200, 5_000);
    recorder.add(added);
    added.status = 200;
    recorder.changed(added);
    expect(await waiting).toBe(added);
    expect(await recorder.waitFor((request) => request.status === 200, 0)).toBe(added);
  });
});
