// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import type { StallLimits } from '../transfer/stall-guard.ts';
import { type HttpResponse, headerOf } from './message.ts';

/** How often and how patiently failed requests are sent again. */
export interface RetryOptions {
  /** Attempts after the first one; 5 by default. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first new attempt; doubled each time; 200 by default. */
  readonly baseDelay?: number | undefined;
  /** Milliseconds no wait exceeds, whatever `Retry-After` says; 60,000 by default. */
  readonly maxDelay?: number | undefined;
  /** Milliseconds to spend on waiting for one request altogether; 300,000 by default. */
  readonly budget?: number | undefined;
  /**
   * Milliseconds in which an answer has to begin and a transfer has to move 16 KiB, or its connection is given up; 60,000 by
   * default.
   */
  readonly stallTimeout?: number | undefined;
}

/** Time and chance, so that tests decide about both. */
export interface Timing {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** A number from 0 to 1. */
  random(): number;
  /** Waits; rejects with the signal's reason. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The retry settings with every default filled in. */
export type RetryPolicy = { readonly [Key in Exclude<keyof RetryOptions, 'stallTimeout'>]-?: number } & {
  readonly stall: StallLimits;
};

const STALL_BYTES = 16 * 1024;

/** Fills in the defaults. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  return {
    retries: options.retries ?? 5,
    baseDelay: options.baseDelay ?? 200,
    maxDelay: options.maxDelay ?? 60_000,
    budget: options.budget ?? 300_000,
    stall: { window: options.stallTimeout ?? 60_000, bytes: STALL_BYTES },
  };
}

/** The machine's time and chance. */
export const SYSTEM_TIMING: Timing = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Milliseconds before attempt `attempt` (1 is the first repetition): exponential, between half and all of it by chance. */
export function backoff(policy: RetryPolicy, attempt: number, random: number): number {
  return Math.min(policy.maxDelay, policy.baseDelay * 2 ** (attempt - 1)) * (0.5 + random / 2);
}

/** Milliseconds a `Retry-After` header asks to wait, seconds or a date. @see RFC 9110 §10.2.3 */
export function retryAfter(response: Pick<HttpResponse, 'headers'>, now: number): number | undefined {
  const value = headerOf(response.headers, 'retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
