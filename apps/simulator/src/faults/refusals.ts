import { Refusal } from '../refusal.js';
import type { Scene } from '../scene.js';
import type { Fault } from './fault.js';

const NOWHERE = 'http://127.0.0.1:9/';
const PAGE = '<!doctype html><html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>';

/** Answers that are errors, openly or behind a 200. */
export const refusalFaults = {
  /** `status:NNN[:retry_after_s]` */
  status: (scene, argument) => {
    const retryAfterS = argument.number(1, -1);
    const headers: Record<string, string> = retryAfterS < 0 ? {} : { 'retry-after': String(retryAfterS) };
    scene.refuse(scene.dialect.refusalFor(argument.number(0, 500)), headers);
  },
  '429_date': (scene, argument) => {
    const date = new Date(Date.now() + argument.number(0, 2) * 1000).toUTCString();
    scene.refuse(scene.dialect.refusalFor(429), { 'retry-after': date });
  },
  invalid_400: (scene) => scene.refuse(new Refusal(400, 'temperature: the simulator was told to find this invalid')),
  context_overflow: (scene) => scene.refuse(scene.dialect.contextOverflow()),
  /** What the credential was, in the message and in a URL. */
  echo_secret: (scene, argument) => {
    const secret = credentialOf(scene);
    const message = `Incorrect API key provided: ${secret} (https://upstream.example/v1?key=${secret})`;
    scene.refuse(new Refusal(argument.number(0, 401), message));
  },
  redirect: (scene, argument) => {
    const location = argument.text === '' ? NOWHERE : argument.text;
    scene.exchange.reply(307, { location, 'content-type': 'text/plain' }, 'Temporary Redirect');
  },
  '200_html': (scene) => scene.exchange.reply(200, { 'content-type': 'text/html' }, PAGE),
  '200_empty': (scene) => scene.exchange.reply(200, scene.headers(), ''),
  /** `200_json_error[:NNN]`: the body of that status under a 200, even where a stream was asked for. */
  '200_json_error': (scene, argument) => answerErrorAs200(scene, argument.number(0, 500)),
  '200_sse_error_first': async (scene, argument) => {
    const status = argument.number(0, 529);
    if (!scene.streams) {
      answerErrorAs200(scene, status);
      return;
    }
    scene.exchange.head(200, scene.headers());
    await scene.exchange.writeEvent(scene.voice.oddities.error(scene.dialect.refusalFor(status)));
    scene.exchange.end();
  },
} satisfies Record<string, Fault>;

function answerErrorAs200(scene: Scene, status: number): void {
  const body = scene.dialect.refusalBody(scene.dialect.refusalFor(status), scene.exchange.record.id);
  scene.exchange.reply(200, { ...scene.headers(), 'content-type': 'application/json' }, JSON.stringify(body));
}

function credentialOf(scene: Scene): string {
  const { authorization, 'x-api-key': apiKey } = scene.exchange.request.headers;
  return String(apiKey ?? authorization?.replace(/^Bearer /i, '') ?? 'no-credential-came');
}
