import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJsonObject, type JsonObject } from '@switchyard/contract';
import { anthropicDialect } from './anthropic/dialect.js';
import type { Answer, PromptTokens } from './answer.js';
import type { Ask } from './ask.js';
import { benchOrder, playBench } from './bench.js';
import { readBody } from './body.js';
import { Dice } from './dice.js';
import { Exchange } from './exchange.js';
import { FaultArgument } from './faults/fault.js';
import { faultNamed } from './faults/table.js';
import { modelList } from './models.js';
import { openaiDialect } from './openai/dialect.js';
import { routeOf, type Route } from './paths.js';
import { Refusal } from './refusal.js';
import { PromptCache } from './prompt-cache.js';
import { refuse, Scene } from './scene.js';
import { writeAnswer } from './script.js';
import type { MutableRecord } from './recorder.js';
import type { SimulatorState } from './state.js';
import type { SimulatedDialect, Voice } from './voice.js';

const CREATED_S = 1_760_000_000;
const DIALECTS = { 'anthropic-messages': anthropicDialect, 'openai-chat': openaiDialect } as const;

/** Answers one request, whatever it is. */
export async function answerRequest(
  state: SimulatorState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedMs = performance.timeOrigin + performance.now();
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const route = routeOf(request.method ?? 'GET', path);
  let exchange: Exchange | undefined;
  const open = (): Exchange => (exchange ??= openExchange(state, request, response, { route, path, startedMs }));
  // A request for the bench is never recorded, so the record waits for the body, unless the body is held up.
  const bytes = await readBody(request, open);
  if (bytes === null) return;
  const order = route?.operation === 'answer' ? benchOrder(bytes) : null;
  if (route !== null && order !== null) {
    playBench(response, route.dialect, order);
    return;
  }
  await answerBody(state, open(), route, bytes.toString('utf8'));
}

async function answerBody(
  state: SimulatorState,
  exchange: Exchange,
  route: Route | null,
  bodyText: string,
): Promise<void> {
  const { record } = exchange;
  keepBody(state, record, bodyText);
  const dialect = DIALECTS[route?.dialect ?? 'openai-chat'];
  try {
    if (route === null) throw new Refusal(404, `Invalid URL (${record.method} ${record.path})`);
    await answerRoute(state, exchange, route, dialect);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(exchange, dialect, error);
  }
}

async function answerRoute(
  state: SimulatorState,
  exchange: Exchange,
  route: Route,
  dialect: SimulatedDialect,
): Promise<void> {
  const json = { 'content-type': 'application/json' };
  switch (route.operation) {
    case 'health':
      exchange.reply(200, json, '{"status":"ok"}');
      return;
    case 'list-models': {
      const shape = exchange.request.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
      exchange.reply(200, json, JSON.stringify(modelList(shape)));
      return;
    }
    case 'answer':
    case 'count-tokens':
      await playScene(state, sceneOf(state, exchange, route, dialect));
  }
}

/** Well, or with the fault that was chosen for the request. */
async function playScene(state: SimulatorState, scene: Scene): Promise<void> {
  const { record } = scene.exchange;
  const fault = state.faults.choose(record);
  if (fault === null) {
    await scene.play();
    return;
  }
  record.fault = fault.argument === '' ? fault.mode : `${fault.mode}:${fault.argument}`;
  state.recorder.changed(record);
  await faultNamed(fault.mode)?.(scene, new FaultArgument(fault.argument));
}

function sceneOf(state: SimulatorState, exchange: Exchange, route: Route, dialect: SimulatedDialect): Scene {
  checkCredential(state, exchange, dialect);
  const { body } = exchange.record;
  if (body === null) throw new Refusal(400, 'The request body is not valid JSON');
  const counting = route.operation === 'count-tokens';
  const ask = dialect.read(body, {
    signer: state.signer,
    rejectHints: state.options.rejectHints ?? true,
    strict: state.options.strict ?? false,
    lenient: state.options.lenient ?? false,
    counting,
    provider: exchange.record.provider,
  });
  const dice = new Dice(state.seed, materialOf(body));
  const identity = { letters: dice.letters(22), createdS: CREATED_S + dice.integer(1_000_000) };
  const voice = dialect.speak(body, ask, identity);
  return new Scene({
    exchange,
    dialect,
    voice: counting ? countingVoice(voice) : voice,
    ask,
    pace: state.pace,
    compose: () => compose(counting ? { ...state, cache: new PromptCache() } : state, dialect, ask, dice),
  });
}

function compose(state: SimulatorState, dialect: SimulatedDialect, ask: Ask, dice: Dice): Answer {
  const written = writeAnswer(ask, {
    dice,
    signer: state.signer,
    notice: state.options.simulatedNotice ?? false,
    toolIdPrefix: dialect.toolIdPrefix,
  });
  return { ...written, promptTokens: dialect.countPrompt(state.cache, ask), pieceCharacters: null };
}

/** What the answer depends on: the request, but not whether it is streamed. */
function materialOf(body: JsonObject): string {
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return JSON.stringify(rest);
}

/** Answers with the size of the prompt instead of a message. */
function countingVoice(voice: Voice): Voice {
  return { ...voice, json: (answer) => ({ input_tokens: sumOf(answer.promptTokens) }) };
}

function sumOf(tokens: PromptTokens): number {
  return tokens.uncached + tokens.read + tokens.write5m + tokens.write1h;
}

/** @throws Refusal when a key is expected and another one, or none, came. */
function checkCredential(state: SimulatorState, exchange: Exchange, dialect: SimulatedDialect): void {
  const expected = state.options.expectedApiKey;
  if (expected === undefined) return;
  const { authorization, 'x-api-key': apiKey } = exchange.request.headers;
  const bearer = authorization?.replace(/^Bearer /i, '');
  const given = dialect.id === 'anthropic-messages' ? (apiKey ?? bearer) : bearer;
  if (given !== expected) throw dialect.wrongKey(given === undefined ? undefined : String(given));
}

function keepBody(state: SimulatorState, record: MutableRecord, text: string): void {
  record.body = parsed(text);
  const model = record.body?.['model'];
  record.model = typeof model === 'string' ? model : null;
  state.recorder.keepBody(record, text);
}

interface Arrival {
  readonly route: Route | null;
  readonly path: string;
  readonly startedMs: number;
}

function openExchange(
  state: SimulatorState,
  request: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
): Exchange {
  state.served += 1;
  const named = request.headers['x-simulated-provider'];
  const record: MutableRecord = {
    id: `req_sim${String(state.served).padStart(9, '0')}`,
    dialect: arrival.route?.dialect ?? null,
    method: request.method ?? 'GET',
    path: arrival.path,
    headers: request.headers,
    provider: typeof named === 'string' ? named : (arrival.route?.provider ?? null),
    startedMs: arrival.startedMs,
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
  state.recorder.add(record);
  return new Exchange(request, response, record, state.recorder);
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
