// SPDX-License-Identifier: MIT
import { chmodSync, lchownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { keyCases } from './corpus/key-cases.ts';
import { entryAt, type HashedEntry, imageRecords } from './key-formulas.ts';
import { linkText, storedLinks } from './stored-keys.ts';

const { busybox, identities, registry } = testRun();

/** Where something comes from: a record, or a part of one. */
export type KeySource = string | readonly [record: string, selector: string];

/** What a build is to leave behind. */
export interface ExpectedKeys {
  /** Both keys of the base image. */
  readonly base: readonly [string, string];
  /** A step whose input i is any of `inputs[i]`; returns its record. */
  step(record: string, ...inputs: readonly (readonly KeySource[])[]): string;
  /** A file or folder of the context. */
  entry(path: string): HashedEntry;
}

let work: Workspace;
let base: readonly [string, string];

beforeAll(async () => {
  const identity = identities.at(-1);
  if (identity === undefined) throw new Error('there is no user to build as');
  work = openWorkspace(identity);
  const path = busybox.slice(registry.length + 1, busybox.lastIndexOf(':'));
  const url = `http://${registry}/v2/${path}`;
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${url}/manifests/1`, { headers: { accept } });
  const { config } = (await answer.json()) as { config: { digest: string } };
  const image = await (await fetch(`${url}/blobs/${config.digest}`)).json();
  const { diff_ids } = (image as { rootfs: { diff_ids: string[] } }).rootfs;
  base = imageRecords(answer.headers.get('docker-content-digest') ?? '', diff_ids);
});

afterAll(() => work.remove());

test.each(keyCases)('$name', async ({ dockerfile, files = {}, links = {}, modes = {}, args = [], keys }) => {
  const context = work.context({ ...files, Dockerfile: dockerfile.replaceAll('BASE', busybox) });
  for (const [path, target] of Object.entries(links)) {
    symlinkSync(target, join(context, path));
    lchownSync(join(context, path), work.identity.uid, work.identity.gid);
  }
  for (const [path, mode] of Object.entries(modes)) chmodSync(join(context, path), mode);
  const state = join(work.folder, `keys-${Math.random().toString(36).slice(2)}`);
  await work.ok(['build', ...args, context], { state });

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
});
