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
    const known = await logout(domain, { store: await services.credentials(), signal });
    io.print(known ? 'Logout succeeded.' : `Not logged in to ${domain}`);
  },
};
