// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { testRun } from '../../support/test-run.ts';
import type { Workspace } from '../../support/workspace.ts';
import { layeredDockerfile } from './torture.ts';

/** Puts an image of several layers into the shared registry and returns its name; it is built in a state of its own. */
export async function prepareLayered(work: Workspace): Promise<string> {
  const { busybox, registry } = testRun();
  const layered = `${registry}/torture/${work.identity.kind}:1`;
  const elsewhere = { state: join(work.folder, 'elsewhere') };
  const context = work.context({ Dockerfile: layeredDockerfile(busybox) });
  await work.ok(['build', '-t', layered, context], elsewhere);
  await work.ok(['push', layered], elsewhere);
  return layered;
}
