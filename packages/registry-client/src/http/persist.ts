// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import { isTemporary } from '../registry-error.ts';
import type { Report } from '../registry-event.ts';
import { isTemporaryStatus } from './error-response.ts';
import { displayUrl, type HttpRequest, type HttpResponse } from './message.ts';
import { backoff, type RetryPolicy, retryAfter, type Timing } from './retry.ts';
import { transportCode } from './transport-error.ts';

/** Failures to connect that soon become final: the name or the server is simply not there. */
const CONNECT_RETRIES = 2;
/** Attempts even at a host that always says when to come back. */
const MAX_ATTEMPTS = 60;

/** Patience with failing requests, shared by all requests to a host. */
export interface Persistence {
  /** Repeats `once` while its failures are temporary; gives the last answer or throws the last error. */
  persist(request: HttpRequest, once: Once): Promise<HttpResponse>;
  /** Repeats a try to find out how to connect to a host, as often as a connection is tried. */
  reach<Value>(host: string, signal: AbortSignal | undefined, once: () => Promise<Value>): Promise<Value>;
  /** Waits as long as the host asked everybody to wait. */
  pass(host: string, signal: AbortSignal | undefined): Promise<void>;
}

type Once = (request: HttpRequest) => Promise<HttpResponse>;
type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };

/** Creates a {@link Persistence}. */
export function createPersistence({
  policy,
  timing,
  report,
}: {
  readonly policy: RetryPolicy;
  readonly timing: Timing;
  readonly report: Report;
}): Persistence {
  /** Until when each host wants to be left alone, in milliseconds since the epoch. */
  const gates = new Map<string, number>();
  const left = (host: string): number => (gates.get(host) ?? 0) - timing.now();
  return {
    async pass(host, signal) {
      // Somebody else may be told to wait longer while we do.
      for (let wait = left(host); wait > 0; wait = left(host)) await timing.sleep(wait, signal);
    },
    async reach(host, signal, once) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once();
        } catch (error) {
          signal?.throwIfAborted();
          if (!isTemporary(error) || attempt > Math.min(policy.retries, CONNECT_RETRIES)) throw error;
          const milliseconds = backoff(policy, attempt, timing.random());
          const about = { method: 'CONNECT', url: host, attempt, milliseconds, reason: messageOf(error) };
          report({ type: 'request-retried', ...about });
          await timing.sleep(milliseconds, signal);
        }
      }
    },
    async persist(request, once) {
      const { signal, method } = request;
      const url = displayUrl(request.url);
      for (let attempt = 1, waited = 0; ; attempt++) {
        const outcome = await outcomeOf(once(request));
        if ('response' in outcome && !isTemporaryStatus(outcome.response.status)) return outcome.response;
        signal?.throwIfAborted();
        const { milliseconds, asked } = delayAfter(outcome, attempt, policy, timing);
        // A host that says when to come back is asked again as long as the budget lasts.
        const allowed = asked ? MAX_ATTEMPTS : policy.retries;
        waited += milliseconds;
        if (waited > policy.budget || !worthTrying(outcome, attempt, allowed)) return unwrap(outcome);
        if ('response' in outcome) {
          if (isRefusalOfAll(outcome.response.status) && milliseconds > left(request.url.host))
            gates.set(request.url.host, timing.now() + milliseconds);
          outcome.response.discard();
        }
        report({ type: 'request-retried', method, url, attempt, milliseconds, reason: reasonOf(outcome) });
        await timing.sleep(milliseconds, signal);
      }
    },
  };
}

async function outcomeOf(work: Promise<HttpResponse>): Promise<Outcome> {
  try {
    return { response: await work };
  } catch (error) {
    return { error };
  }
}

function unwrap(outcome: Outcome): HttpResponse {
  if ('response' in outcome) return outcome.response;
  throw outcome.error;
}

function worthTrying(outcome: Outcome, attempt: number, allowed: number): boolean {
  if (attempt > allowed) return false;
  if ('response' in outcome) return true;
  const cause = (outcome.error as { cause?: unknown }).cause;
  return (
    isTemporary(outcome.error) && (attempt <= CONNECT_RETRIES || transportCode(cause) !== 'ECONNREFUSED')
  );
}

function delayAfter(
  outcome: Outcome,
  attempt: number,
  policy: RetryPolicy,
  timing: Timing,
): { readonly milliseconds: number; readonly asked: boolean } {
  const asked = 'response' in outcome ? retryAfter(outcome.response, timing.now()) : undefined;
  return asked === undefined
    ? { milliseconds: backoff(policy, attempt, timing.random()), asked: false }
    : { milliseconds: Math.min(asked, policy.maxDelay), asked: true };
}

function isRefusalOfAll(status: number): boolean {
  return status === 429 || status === 503;
}

function reasonOf(outcome: Outcome): string {
  return 'response' in outcome ? `status ${outcome.response.status}` : messageOf(outcome.error);
}
