// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';
import { createBuildLog } from '../../src/render/build-log.ts';
import { createPlainProgress } from '../../src/render/plain-progress.ts';

/** What the plain progress prints of a build. */
export function plainText(...events: readonly BuildEvent[]): string {
  let text = '';
  const log = createBuildLog();
  const progress = createPlainProgress((more) => {
    text += more;
  });
  for (const event of events) {
    const change = log.apply(event);
    if (change !== undefined) progress.show(event, change);
  }
  progress.finish();
  return text;
}
