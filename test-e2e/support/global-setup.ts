// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeBusyboxRoot } from './busybox-root.ts';
import { createIdentities, type Identity, removeIdentities, runsAsRoot } from './identity.ts';
import { type Registry, startRegistry } from './registry.ts';
import { must } from './run.ts';
import { publishTestRun } from './test-run.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Installs the command, makes the users, starts the shared registry and puts the base image into it. */
async function setUp(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'img-e2e-'));
  chmodSync(folder, 0o755);
  let identities: readonly Identity[] = [];
  let registry: Registry | undefined;
  let done = false;
  const tearDown = (): void => {
    if (done) return;
    done = true;
    registry?.process.kill('SIGKILL');
    removeIdentities(identities);
    removeFolder(folder);
  };
  onSignals(tearDown);
  // Jest calls the teardown in this very process; nothing else connects the two.
  Object.assign(globalThis, { imgE2eTearDown: tearDown });
  try {
    execFileSync(join(ROOT, 'tools/install'), ['--prefix', join(folder, 'prefix')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    identities = createIdentities(folder);
    registry = await startRegistry(join(folder, 'registry'));
    const img = join(folder, 'prefix/bin/img');
    const busyboxTar = join(folder, 'busybox.tar');
    makeBusyboxRoot(busyboxTar, join(folder, 'busybox'));
    const busybox = `${registry.host}/base/busybox:1`;
    await pushBase({ img, folder, tar: busyboxTar, name: busybox, as: identities.at(-1) });
    publishTestRun({
      folder,
      img,
      identities,
      registry: registry.host,
      registryLog: registry.log,
      busybox,
      busyboxTar,
    });
  } catch (error) {
    tearDown();
    throw error;
  }
}

interface BaseImage {
  readonly img: string;
  readonly folder: string;
  readonly tar: string;
  readonly name: string;
  readonly as: Identity | undefined;
}

/** The base goes through our own client, as every other image. */
async function pushBase({ img, folder, tar, name, as }: BaseImage): Promise<void> {
  const context = join(folder, 'base');
  mkdirSync(context);
  execFileSync('cp', [tar, join(context, 'root.tar')]);
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nADD root.tar /\nENV PATH=/usr/local/bin:/bin\nCMD ["sh"]\n',
  );
  if (as !== undefined) chownSync(context, as.uid, as.gid);
  const state = join(context, 'state');
  await must(img, ['-s', state, 'build', '-t', name, context], { as });
  await must(img, ['-s', state, 'push', name], { as });
}

/** Jest does not call the teardown of a run that is interrupted. */
function onSignals(tearDown: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      tearDown();
      process.exit(128 + constants.signals[signal]);
    });
  }
}

function removeFolder(folder: string): void {
  if (runsAsRoot) {
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  // Files of other ids can only be removed where these ids are mapped.
  execFileSync('buildah', ['unshare', 'rm', '-rf', folder], { stdio: 'ignore' });
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}

export { setUp as default };
