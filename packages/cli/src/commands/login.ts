// SPDX-License-Identifier: MIT
import type { CredentialStore } from '@img-build/registry-client';
import type { Command, CommandIo, ParsedArguments } from '../command.ts';
import { promptHidden, promptLine } from '../prompt.ts';
import { readStandardInput } from '../standard-input.ts';
import { UsageError } from '../usage-error.ts';

const MAX_PASSWORD = 64 * 1024;

/** `img login` */
export const loginCommand: Command = {
  name: 'login',
  summary: 'Log in to a Docker registry.',
  usage: '[OPTIONS] [SERVER]',
  flags: [
    { name: 'password', short: 'p', type: 'string', description: 'Password' },
    { name: 'password-stdin', type: 'boolean', description: 'Take the password from stdin' },
    { name: 'user', short: 'u', type: 'string', description: 'Username' },
    { name: 'username', type: 'string', description: 'Username', hidden: true },
    { name: 'insecure-registry', type: 'boolean', description: 'Log in to insecure registry', hidden: true },
  ],
  positionals: { min: 0, max: 1 },
  async run({ args, io, services, signal }) {
    const { login, serverDomain } = await import('@img-build/registry-client');
    const domain = serverDomain(args.positionals[0] ?? '');
    const account = await askCredentials(args, io, signal);
    const hosts = args.is('insecure-registry') ? { [domain]: { insecure: true } } : {};
    const store = await services.credentials();
    const saved = await login(domain, account, {
      store,
      hosts,
      environment: services.env,
      signal,
    });
    if (saved.in === 'file') {
      io.say(`WARNING: Your credentials are stored unencrypted in '${saved.name}'.`);
      io.say('Configure a credential helper to remove this warning.');
    }
    const other = await otherPlace(store, domain, saved.name);
    if (other !== undefined) io.say(`WARNING: ${other} has a login for ${domain} as well and comes first.`);
    io.print('Login succeeded.');
  },
};

/** The place later commands take their login from, when it is not the one that was written. */
async function otherPlace(
  store: CredentialStore,
  domain: string,
  saved: string,
): Promise<string | undefined> {
  // The login is kept: what is wrong with another file, the command that needs it will say.
  const found = await store.explain(domain, undefined).catch(() => undefined);
  if (found === undefined || found.kind === 'none') return undefined;
  return found.place === saved || found.helper === saved ? undefined : found.place;
}

async function askCredentials(
  args: ParsedArguments,
  io: CommandIo,
  signal: AbortSignal,
): Promise<{ readonly username: string; readonly password: string }> {
  const given = args.text('password');
  const fromStdin = args.is('password-stdin');
  if (given !== undefined && fromStdin)
    throw new UsageError('--password and --password-stdin are mutually exclusive');
  if (given !== undefined) io.say('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
  const user = args.text('user') ?? args.text('username');
  if (fromStdin) {
    if (user === undefined) throw new UsageError('must provide --user with --password-stdin');
    const text = Buffer.from(await readStandardInput(io.stdin, MAX_PASSWORD, signal)).toString('utf8');
    return { username: user, password: requirePassword(text.replace(/[\r\n]+$/, '')) };
  }
  if (given === undefined && !io.stdin.isTTY) {
    throw new UsageError(
      'cannot perform an interactive login from a non TTY device',
      'use --user and --password-stdin',
    );
  }
  const username = user ?? (await promptLine(io, 'Username: ', signal));
  if (username === '') throw new UsageError('a username is needed');
  return { username, password: requirePassword(given ?? (await promptHidden(io, 'Password: ', signal))) };
}

function requirePassword(password: string): string {
  if (password === '') throw new UsageError('a password is needed');
  return password;
}
