// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AbortOptions, SecretSource } from '@img-build/interfaces';
import { SourceError } from '../source-error.ts';
import type { GitServer } from './git-remote.ts';

/** What git runs with when it talks to one server. */
export interface GitAccess {
  readonly env: Readonly<Record<string, string>>;
  /** Removes the keys that were written for ssh. */
  close(): Promise<void>;
}

/** What access is made of. */
export interface GitAccessOptions extends AbortOptions {
  /** The environment of this process; only what reaches servers is taken from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: SecretSource | undefined;
  /** A private folder: git's home. */
  readonly home: string;
}

/** Variables of the user that decide how servers are reached. */
const TAKEN =
  /^(?:PATH|TMPDIR|(?:HTTPS?|NO|ALL)_PROXY|SSL_CERT_(?:FILE|DIR)|GIT_SSL_(?:CAINFO|CAPATH|CERT|KEY|NO_VERIFY))$/i;

/** Seconds and bytes per second below which an http server counts as stalled, for git's own transfers. */
const SLOW = { seconds: 60, bytes: 10 };

/** What git runs with when it talks to nobody: no configuration but ours, no prompts. */
export function gitEnvironment(
  { env, home }: Pick<GitAccessOptions, 'env' | 'home'>,
  settings: readonly (readonly [string, string])[] = [],
): Readonly<Record<string, string>> {
  const taken = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && TAKEN.test(name) ? [[name, value]] : [],
  );
  // Through the environment and not as arguments, which every user of the machine can read.
  const all: readonly (readonly [string, string])[] = [
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.autocrlf', 'false'],
    ['protocol.ext.allow', 'never'],
    ['init.defaultBranch', 'master'],
    ['init.templateDir', ''],
    ['advice.detachedHead', 'false'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['credential.helper', ''],
    // Redirects are followed by us, so that none leads into a private network.
    ['http.followRedirects', 'false'],
    ['http.lowSpeedTime', String(SLOW.seconds)],
    ['http.lowSpeedLimit', String(SLOW.bytes)],
    ['safe.directory', '*'],
    ...settings,
  ];
  return {
    ...Object.fromEntries(taken),
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: 'http:https:git:ssh',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(
      all.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/**
 * Gives git the credentials the user meant for a server: a header from secrets, or an SSH agent.
 *
 * @throws SourceError `SOURCE_GIT_FAILED` when a key is asked for that was not given.
 */
export async function openGitAccess(request: GitServer, options: GitAccessOptions): Promise<GitAccess> {
  const { url } = request;
  await mkdir(options.home, { recursive: true, mode: 0o700 });
  if (!/^https?:/i.test(url)) return await openSshAccess(request, options);
  const authorization = await authorizationFor(request, options);
  const settings: readonly (readonly [string, string])[] =
    authorization === undefined
      ? []
      : [[`http.${tokenScope(url)}.extraHeader`, `Authorization: ${authorization}`]];
  return { env: gitEnvironment(options, settings), async close() {} };
}

/** The value of the Authorization header, from the first secret there is. @see BuildKit, source/git, authSecretNames */
async function authorizationFor(
  { url, named, login, headerSecret, tokenSecret }: GitServer,
  { secrets, signal }: GitAccessOptions,
): Promise<string | undefined> {
  const { host } = new URL(url);
  const suffixes = url.startsWith(tokenScope(named)) ? [`.${host}`, ''] : [`.${host}`];
  for (const suffix of suffixes) {
    const header = await secretText(secrets, headerSecret, suffix, { signal });
    if (header !== undefined) return header;
    const token = await secretText(secrets, tokenSecret, suffix, { signal });
    if (token !== undefined) return basic(`x-access-token:${token}`);
  }
  return login === undefined ? undefined : basic(login);
}

async function secretText(
  secrets: SecretSource | undefined,
  id: string | undefined,
  suffix: string,
  abort: AbortOptions,
): Promise<string | undefined> {
  const bytes = id === undefined || id === '' ? undefined : await secrets?.secret(`${id}${suffix}`, abort);
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (!/[\0-\x1f\x7f]/.test(text)) return text;
  throw new SourceError(`the secret ${id}${suffix} has more than one line`, { code: 'SOURCE_GIT_FAILED' });
}

function basic(login: string): string {
  return `basic ${Buffer.from(login).toString('base64')}`;
}

/** A token of one repository of GitHub often opens its submodules there too. @see BuildKit, source/git, tokenScope */
function tokenScope(url: string): string {
  return /^https:\/\/(?:www\.)?github\.com\//.exec(url)?.[0] ?? url;
}

async function openSshAccess(request: GitServer, options: GitAccessOptions): Promise<GitAccess> {
  const keys = await mkdtemp(join(options.home, 'ssh-'));
  const close = (): Promise<void> => rm(keys, { recursive: true, force: true });
  try {
    const { words, socket } = await identityFor(request, options, keys);
    const known = join(options.home, 'known_hosts');
    const pinned = join(keys, 'known_hosts');
    if (request.knownHosts !== undefined) await writeFile(pinned, request.knownHosts, { mode: 0o600 });
    // What is new is remembered here and not in the user's file; what the user knows counts.
    const hosts = request.knownHosts === undefined ? `"${known}" "~/.ssh/known_hosts"` : `"${pinned}"`;
    const checking = request.knownHosts === undefined ? 'accept-new' : 'yes';
    const command = [
      'ssh -F none -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=20 -o ForwardAgent=no',
      `-o ${quoted(`UserKnownHostsFile=${hosts}`)} -o StrictHostKeyChecking=${checking}`,
      ...words,
    ].join(' ');
    const env = gitEnvironment(options);
    return {
      env: { ...env, GIT_SSH_COMMAND: command, ...(socket === undefined ? {} : { SSH_AUTH_SOCK: socket }) },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Only what the user gave to this build may sign; the keys in the home folder are not for every Dockerfile. */
async function identityFor(
  { agent: id, url }: GitServer,
  { secrets, signal }: GitAccessOptions,
  folder: string,
): Promise<{ readonly words: readonly string[]; readonly socket?: string | undefined }> {
  if (id === undefined || /^git:/i.test(url))
    return { words: ['-o IdentityAgent=none -o IdentityFile=none'] };
  const agent = await secrets?.agent(id, { signal });
  if (agent === undefined) {
    throw new SourceError(`no SSH key ${JSON.stringify(id)} forwarded from the client`, {
      code: 'SOURCE_GIT_FAILED',
      hint: `give one with --ssh ${id}`,
    });
  }
  if (agent.type === 'socket') return { words: ['-o IdentityFile=none'], socket: agent.path };
  const words = ['-o IdentityAgent=none -o IdentitiesOnly=yes'];
  for (const [index, key] of agent.keys.entries()) {
    const path = join(folder, `key-${index}`);
    await writeFile(path, key, { mode: 0o600 });
    words.push(`-i ${quoted(path)}`);
  }
  return { words };
}

/** A word for the shell that git runs ssh with. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
