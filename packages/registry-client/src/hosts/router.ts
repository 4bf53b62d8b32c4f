// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';
import {
  createCandidateOpener,
  type Endpoint,
  type Errand,
  type FindEndpoint,
  type OpenerOptions,
} from './endpoint.ts';
import type { HostCandidate } from './host-candidate.ts';
import { type HostPlan, planHosts } from './host-plan.ts';

/** A host to ask, opened when its turn comes. */
export interface RouteStop {
  /** `host[:port]`, for messages. */
  readonly host: string;
  open(signal: AbortSignal | undefined): Promise<Endpoint>;
}

/** Knows which hosts to ask for what. */
export interface Router {
  /** The mirrors to ask, in order, and the registry last. @throws RegistryError `REGISTRY_BLOCKED` */
  route(errand: Errand): Promise<{ readonly mirrors: readonly RouteStop[]; readonly registry: RouteStop }>;
  readonly findEndpoint: FindEndpoint;
}

/** Creates a {@link Router}; settings are read when a host is first asked for. */
export function createRouter(options: OpenerOptions): Router {
  const plans = new Map<string, Promise<HostPlan>>();
  const open = createCandidateOpener(options);
  const plan = async (domain: string, path: string): Promise<HostPlan> => {
    const key = `${domain}/${path}`;
    const made = plans.get(key) ?? planHosts(options.files, domain, path);
    plans.set(key, made);
    made.catch(() => plans.delete(key));
    const { blockedBy, ...rest } = await made;
    if (blockedBy !== undefined)
      throw new RegistryError(`${path === '' ? domain : key} is blocked by ${blockedBy}`, {
        code: 'REGISTRY_BLOCKED',
        host: domain,
        repository: path === '' ? undefined : path,
      });
    return { blockedBy, ...rest };
  };
  const opened = new Map<HostCandidate, Endpoint>();
  const stop = (candidate: HostCandidate, mirror: boolean): RouteStop => ({
    host: candidate.host,
    open: async (signal) => {
      const endpoint = opened.get(candidate) ?? (await open(candidate, mirror, signal));
      opened.set(candidate, endpoint);
      return endpoint;
    },
  });

  return {
    async route({ reference, capability, by }) {
      const { domain, path } = reference;
      const { mirrors, reads, writes } = await plan(domain, path);
      if (capability === 'push') return { mirrors: [], registry: stop(writes, false) };
      const suited = capability === 'list' ? [] : mirrors.filter((mirror) => serves(mirror, capability, by));
      return {
        mirrors: suited.map((mirror) => stop(mirror, true)),
        registry: stop(reads, false),
      };
    },
    async findEndpoint({ domain, path }, signal) {
      return await stop((await plan(domain, path)).writes, false).open(signal);
    },
  };
}

/** Whether a mirror is to be asked. */
export function serves(mirror: HostCandidate, capability: Errand['capability'], by: Errand['by']): boolean {
  return mirror.can.has(capability) && (by === 'blob' || mirror.only === undefined || mirror.only === by);
}
