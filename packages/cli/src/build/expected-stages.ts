// SPDX-License-Identifier: MIT
import { listStages, parse } from '@img-build/dockerfile-parser';
import { UsageError } from '../usage-error.ts';

/**
 * Tells of the line an op comes from whether a step there has to be found in the cache.
 *
 * @param names - of stages as progress shows them, or their numbers from 0; none means all.
 * @throws UsageError for a stage that the file does not have
 */
export function expectedStages(
  names: readonly string[],
  dockerfile: string,
): (line: number | undefined) => boolean {
  if (names.length === 0) return () => true;
  const stages = listStages(parse(dockerfile)).stages.map(({ from }, index) => ({
    names: [String(index), from.name ?? `stage-${index}`],
    line: from.range.start.line,
  }));
  const unknown = names.find((name) => !stages.some((stage) => stage.names.includes(name.toLowerCase())));
  if (unknown !== undefined) {
    throw new UsageError(
      `--expect-cached: there is no stage ${JSON.stringify(unknown)}`,
      'name stages of the Dockerfile, or leave them out to mean all',
    );
  }
  const wanted = names.map((name) => name.toLowerCase());
  return (line) => {
    if (line === undefined) return false;
    const stage = stages.findLast((each) => each.line <= line);
    return stage?.names.some((name) => wanted.includes(name)) ?? false;
  };
}
