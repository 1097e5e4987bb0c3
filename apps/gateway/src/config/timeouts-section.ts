import 'reflect-metadata';
import { IsNumber, IsOptional, Max, Min } from 'class-validator';
import { Doc, Seconds } from './checks.js';

/** Seconds, fractions allowed. */
export class TimeoutsSection {
  @Doc('Connecting to an upstream, TLS included.')
  @Seconds()
  connect_s = 3;

  @Doc("An upstream's response headers, when streaming.")
  @Seconds()
  headers_s = 30;

  @Doc('The first meaningful event of a stream.')
  @Seconds()
  first_event_s = 60;

  @Doc('The same for a request that asks for reasoning.')
  @Seconds()
  first_event_reasoning_s = 300;

  @Doc('A stream must make some progress within this time: an event of content, or 64 bytes of it.')
  @Seconds()
  progress_s = 60;

  @Doc('How long comments and pings alone may keep a stream alive, all together.')
  @Seconds()
  pings_s = 300;

  @Doc('Between two events of a stream.')
  @Seconds()
  idle_s = 60;

  @Doc('A whole request, all attempts together.')
  @Seconds()
  total_s = 900;

  @Doc('One attempt of a request that does not stream; a third of total_s when absent.')
  @Seconds()
  non_stream_s?: number;

  @Doc("The client's request head.")
  @Seconds()
  client_headers_s = 10;

  @Doc("The client's whole request body.")
  @Seconds()
  client_body_s = 60;

  @Doc('An idle client connection between two requests.')
  @Seconds()
  client_keep_alive_s = 75;

  @Doc('A client that does not read what was sent.')
  @Seconds()
  client_stall_s = 60;

  @Doc('How long the status line waits for the first meaningful upstream event.')
  @Seconds()
  header_hold_s = 10;

  @Doc('How long running requests may go on after a stop was asked for.')
  @Seconds()
  drain_s = 30;

  @Doc(
    'Between saying not to be ready any more and taking no more connections, so that load balancers can follow. Ctrl-C does not wait.',
  )
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(600)
  drain_delay_s = 5;
}
