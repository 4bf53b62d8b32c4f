// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';

/** `img logout` */
export const logoutCommand: Command = {
  name: 'logout',
  summary: 'Log out from a Docker registry.',
  usage: '[SERVER]',
  flags: [],
  positionals: { min: 0, max: 1 },
  async run({ args, io, services, signal }) {
    const { logout, serverDomain } = await import('@img-build/registry-client');
    const domain = serverDomain(args.positionals[0] ?? '');
    const store = await services.credentials();
    const known = await logout(domain, { store, signal });
    const left = await store.explain(domain, undefined, { signal });
    if (left.kind !== 'none')
      io.say(`WARNING: ${left.helper ?? left.place ?? ''} still has a login for ${domain}.`);
    io.print(known ? 'Logout succeeded.' : `Not logged in to ${domain}`);
  },
};
