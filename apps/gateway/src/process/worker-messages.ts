/** Which configuration a worker is to serve; it reads and checks the text itself, so nothing is lost in transit. */
export interface ConfigureMessage {
  readonly type: 'configure';
  readonly path: string | null;
  /** Content of the file at `path`, as the supervisor validated it. */
  readonly text: string | null;
  /** Base URL of the simulator when the configuration is simulated. */
  readonly simulatorUrl: string | null;
  /** The data port this gateway already has, which a replacement must open again when the configured one is 0; `null` = as configured. */
  readonly port: number | null;
}

export interface DrainMessage {
  readonly type: 'drain';
}

/** Supervisor to worker. */
export type SupervisorMessage = ConfigureMessage | DrainMessage;

/** Worker to supervisor: the data port is open. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly url: string;
}

/** A worker that could not start, and why. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly reason: string;
}

export type WorkerMessage = ReadyMessage | FailedMessage;
