import { answerFaults } from './answers.js';
import { connectionFaults } from './connections.js';
import { cutFaults } from './cuts.js';
import { endlessFaults } from './endless.js';
import type { Fault } from './fault.js';
import { refusalFaults } from './refusals.js';
import { streamFaults } from './streams.js';
import { usageFaults } from './usages.js';

/** Every way to misbehave by its name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ...answerFaults,
  ...refusalFaults,
  ...connectionFaults,
  ...cutFaults,
  ...endlessFaults,
  ...streamFaults,
  ...usageFaults,
};

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

export function faultNamed(mode: string): Fault | undefined {
  return Object.hasOwn(FAULTS, mode) ? FAULTS[mode] : undefined;
}
