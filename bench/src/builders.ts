// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Builder } from './builder.ts';
import type { Command, CommandRunner } from './command.ts';
import type { UsedFolders } from './used-folders.ts';

/** Our own command with a state folder of its own. */
export function createImgBuilder(program: string, state: string, used: UsedFolders): Builder {
  const img = (...args: string[]): Command => ({ argv: [program, '--state', state, ...args] });
  return {
    name: 'img',
    description: program,
    build: (context, tag) => img('build', '--no-console', '-t', tag, context),
    pull: (image) => img('pull', image),
    tag: (image, name) => img('tag', image, name),
    push: (image) => img('push', image),
    version: () => ({ argv: [program, '--version'] }),
    reset: () => used.setAside(state),
  };
}

/**
 * Debian's buildah with layers cached, runc and the host's network, storing as the first of overlay and vfs that
 * builds a RUN here, and isolating as the first of its default and chroot that does.
 */
export async function createBuildahBuilder(
  folder: string,
  account: Account,
  runner: CommandRunner,
  image: string,
  used: UsedFolders,
): Promise<Builder> {
  const probe = join(folder, 'probe');
  mkdirSync(probe, { recursive: true });
  writeFileSync(join(probe, 'Dockerfile'), `FROM ${image}\nRUN true\n`);
  const version = execFileSync('buildah', ['--version'], { encoding: 'utf8' }).trim();
  let failure: unknown;
  for (const isolation of ['oci', 'chroot']) {
    for (const driver of ['overlay', 'vfs']) {
      const builder = buildahWith(`${folder}-${driver}`, { account, driver, isolation, version, used });
      try {
        await runner.run(builder.build(probe, 'probe'));
        return builder;
      } catch (error) {
        failure = error;
      }
    }
  }
  throw new Error('buildah cannot run anything here', { cause: failure });
}

interface BuildahSettings {
  readonly account: Account;
  readonly driver: string;
  readonly isolation: string;
  readonly version: string;
  readonly used: UsedFolders;
}

function buildahWith(root: string, settings: BuildahSettings): Builder {
  const { account, driver, isolation, version, used } = settings;
  const storage = [
    '--root',
    root,
    '--runroot',
    join(account.runtimeFolder, 'buildah'),
    '--storage-driver',
    driver,
  ];
  const buildah = (...args: string[]): Command => ({ argv: ['buildah', ...storage, ...args] });
  const runtime = ['--isolation', isolation, '--runtime', 'runc', '--network', 'host'];
  return {
    name: 'buildah',
    description: `${version}; ${driver}, isolation ${isolation}, runc, host network`,
    build: (context, tag) =>
      buildah('build', '--layers', '--jobs', '0', '--tls-verify=false', ...runtime, '-t', tag, context),
    pull: (image) => buildah('pull', '--tls-verify=false', image),
    tag: (image, name) => buildah('tag', image, name),
    push: (image) => buildah('push', '--tls-verify=false', image),
    version: () => ({ argv: ['buildah', '--version'] }),
    reset: () => used.setAside(root, join(account.runtimeFolder, 'buildah')),
  };
}

/** A builder of which only the command that builds is known. */
export function createTemplateBuilder(name: string, template: string, reset: string | undefined): Builder {
  const shell = (line: string): Command => ({ argv: ['sh', '-c', line] });
  return {
    name,
    description: template,
    build: (context, tag) => shell(template.replaceAll('{context}', context).replaceAll('{tag}', tag)),
    pull: () => undefined,
    tag: () => undefined,
    push: () => undefined,
    version: () => undefined,
    reset: () => (reset === undefined ? undefined : shell(reset)),
  };
}
