// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import { errorFromResponse } from '../http/error-response.ts';
import type { HttpResponse } from '../http/message.ts';
import type { Persistence } from '../http/persist.ts';
import type { Timing } from '../http/retry.ts';
import { RegistryError, withMirrorFailures } from '../registry-error.ts';
import type { Report } from '../registry-event.ts';
import type { Endpoint, Errand } from './endpoint.ts';
import type { Router, RouteStop } from './router.ts';

/** Milliseconds a mirror is left alone that could not be reached. */
const REST = 60_000;
/** Answers of mirrors that turned out wrong, remembered so that they are not asked for again. */
const MAX_DISTRUSTED = 10_000;

/** What is asked, at whichever host. */
export interface Question {
  readonly errand: Errand;
  /** Tells what is asked for from everything else. */
  readonly key: string;
  /** An address an earlier answer gave: only its host is asked. */
  readonly at?: URL | undefined;
  /** For messages. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  /** Asks one host: a mirror once, the registry with all patience. */
  ask(endpoint: Endpoint): Promise<HttpResponse>;
}

/** Asks the mirrors of a repository in their order, and then the registry. */
export type AskHosts = (question: Question) => Promise<HttpResponse>;

/**
 * Creates an {@link AskHosts}. A mirror that refuses, fails or lacks what is wanted is passed over, said as an event and
 * kept for the error should the registry fail as well; one that cannot be reached is left alone for a minute. An answer of
 * a mirror can be distrusted: what it was about is then asked elsewhere.
 */
export function createAskHosts({
  router,
  timing,
  report,
  reach,
}: {
  readonly router: Router;
  readonly timing: Timing;
  readonly report: Report;
  /** Tries to open the registry as often as its user has patience. */
  readonly reach: Persistence['reach'];
}): AskHosts {
  const resting = new Map<string, { readonly until: number; readonly error: RegistryError }>();
  const distrusted = new Set<string>();

  const failed = (stop: RouteStop, { errand, what }: Question, error: unknown): void =>
    report({
      type: 'mirror-failed',
      mirror: stop.host,
      host: errand.reference.domain,
      what,
      reason: messageOf(error),
    });

  const trusting = (stop: RouteStop, question: Question, response: HttpResponse): HttpResponse => {
    const distrust = (reason: unknown): void => {
      const key = `${stop.host} ${question.key}`;
      if (distrusted.has(key) || distrusted.size >= MAX_DISTRUSTED) return;
      distrusted.add(key);
      failed(stop, question, reason);
    };
    return { ...response, distrust };
  };

  const askMirror = async (stop: RouteStop, question: Question): Promise<HttpResponse | RegistryError> => {
    const { signal, what } = question;
    try {
      const endpoint = await stop.open(signal);
      const response = await question.ask(endpoint);
      if (response.status >= 200 && response.status < 300) return trusting(stop, question, response);
      return await errorFromResponse(response, { what, host: stop.host, repository: endpoint.path });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      // What is wrong with the settings, no other host puts right.
      if (error.code === 'REGISTRY_SETTINGS_INVALID') throw error;
      if (error.code === 'REGISTRY_UNREACHABLE' || error.code === 'REGISTRY_TLS')
        resting.set(stop.host, { until: timing.now() + REST, error });
      return error;
    }
  };

  return async (question) => {
    const { mirrors, registry } = await router.route(question.errand);
    const failures: RegistryError[] = [];
    for (const stop of mirrors) {
      if (question.at !== undefined && !isAt(stop, question.at)) continue;
      if (distrusted.has(`${stop.host} ${question.key}`)) continue;
      const rest = resting.get(stop.host);
      if (rest !== undefined && timing.now() < rest.until) {
        failures.push(rest.error);
        continue;
      }
      const answer = await askMirror(stop, question);
      if (!(answer instanceof RegistryError)) return answer;
      failures.push(answer);
      failed(stop, question, answer);
    }
    try {
      const { signal } = question;
      const endpoint = await reach(registry.host, signal, async () => await registry.open(signal));
      const response = await question.ask(endpoint);
      return failures.length === 0 ? response : { ...response, mirrorFailures: failures };
    } catch (error) {
      question.signal?.throwIfAborted();
      throw error instanceof RegistryError ? withMirrorFailures(error, failures) : error;
    }
  };
}

function isAt(stop: RouteStop, at: URL): boolean {
  return new URL(`${at.protocol}//${stop.host}/`).host === at.host;
}
