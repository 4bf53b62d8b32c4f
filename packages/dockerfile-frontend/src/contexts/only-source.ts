// SPDX-License-Identifier: MIT
import type { SourceIdentifier } from '@img-build/interfaces';
import { marshal, parseDefinition, type State, toLlbPlatform } from '@img-build/llb';
import type { Platform } from '@img-build/oci';
import type { LowerOptions } from '../options.ts';
import { mainContext } from './main-context.ts';

/** The one source a state is made of; `undefined` when there are several, or none. */
export function onlySource(state: State, platform: Platform): SourceIdentifier | undefined {
  const { ops } = parseDefinition(marshal(state, { platform: toLlbPlatform(platform) }));
  const sources = [...ops.values()].flatMap(({ op }) => (op.type === 'source' ? [op.source] : []));
  return sources.length === 1 ? sources[0] : undefined;
}

/**
 * The source that the graph will have for the main context: a caller that reads the Dockerfile out of it before lowering
 * opens the same one.
 *
 * @throws FrontendError `CONTEXT_INVALID`
 */
export function mainContextSource(
  options: Pick<LowerOptions, 'context' | 'buildArgs' | 'buildPlatform'>,
): SourceIdentifier | undefined {
  return onlySource(mainContext(options, new Set()), options.buildPlatform);
}
