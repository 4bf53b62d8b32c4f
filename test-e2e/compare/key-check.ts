// SPDX-License-Identifier: MIT
import { chmodSync, lchownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import type { Workspace } from '../support/workspace.ts';
import type { KeyCase } from './corpus/key-case.ts';
import { entryAt, imageRecords } from './key-formulas.ts';
import { exportedLinks, linkText, storedLinks } from './stored-keys.ts';

/** Builds a case in a state of its own; what is stored then is what the formulas say, nothing more and nothing less. */
export async function checkKeys(
  work: Workspace,
  { dockerfile, files = {}, links = {}, modes = {}, keys }: KeyCase,
): Promise<void> {
  const { busybox } = testRun();
  const context = work.context({ ...files, Dockerfile: dockerfile.replaceAll('BASE', busybox) });
  for (const [path, target] of Object.entries(links)) {
    symlinkSync(target, join(context, path));
    lchownSync(join(context, path), work.identity.uid, work.identity.gid);
  }
  for (const [path, mode] of Object.entries(modes)) chmodSync(join(context, path), mode);
  const state = `${context}-state`;
  const cache = `${context}-cache`;
  await work.ok(['build', '--cache-to', `type=local,dest=${cache},mode=max`, context], { state });

  const base = await baseRecords();
  const expected = new Set<string>(dockerfile.includes('FROM BASE') ? base : []);
  keys({
    base,
    step(record, ...inputs) {
      expected.add(record);
      for (const [input, sources] of inputs.entries())
        for (const source of sources)
          expected.add(
            typeof source === 'string'
              ? linkText(source, input, record)
              : linkText(source[0], input, record, source[1]),
          );
      return record;
    },
    entry: (path) => entryAt(join(context, path)),
  });
  expect([...storedLinks(state)].sort()).toEqual([...expected].sort());
  // What is exported is the same, but for records that stand alone as they are reached as well.
  const isLink = (line: string): boolean => line.includes('->');
  expect([...exportedLinks(cache)].sort()).toEqual([...expected].filter(isLink).sort());
}

/** Keys of the base image, as its registry has it. */
async function baseRecords(): Promise<readonly [string, string]> {
  const { busybox, registry } = testRun();
  const path = busybox.slice(registry.length + 1, busybox.lastIndexOf(':'));
  const url = `http://${registry}/v2/${path}`;
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${url}/manifests/1`, { headers: { accept } });
  const { config } = (await answer.json()) as { config: { digest: string } };
  const image = await (await fetch(`${url}/blobs/${config.digest}`)).json();
  const { diff_ids } = (image as { rootfs: { diff_ids: string[] } }).rootfs;
  return imageRecords(answer.headers.get('docker-content-digest') ?? '', diff_ids);
}
