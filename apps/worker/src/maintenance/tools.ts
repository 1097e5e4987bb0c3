import { setTimeout as sleep } from 'node:timers/promises';
import { sendWebhook } from '../alerts/send-webhook.js';
import type { MaintenanceTools } from './context.js';

/** The clock, chance and network of this process. */
export const MAINTENANCE_TOOLS: MaintenanceTools = {
  send: sendWebhook,
  now: Date.now,
  random: Math.random,
  wait: async (waitMs, signal) => {
    await sleep(waitMs, undefined, { signal, ref: false });
  },
};
