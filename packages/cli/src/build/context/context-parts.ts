// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import type { Source } from '@img-build/interfaces';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { loadIgnoreRules } from './ignore-rules.ts';
import { namedContextsFrom } from './named-contexts.ts';

/** What the graph calls the main context when it is a folder. */
export const MAIN_CONTEXT = 'context';

/** What {@link contextParts} puts together. */
export interface ContextPartsInit {
  readonly main: {
    readonly lowerOptions: BuildInput['lowerOptions'];
    /** Absolute path, when it is a folder. */
    readonly folder?: string | undefined;
  };
  readonly contexts: BuildInputNames['contexts'];
  readonly options: BuildInputOptions;
}

/** Everything of the input that follows from the contexts. @throws UsageError */
export function contextParts({
  main,
  contexts = {},
  options,
}: ContextPartsInit): Pick<BuildInput, 'lowerOptions' | 'answers' | 'sources'> {
  const named = namedContextsFrom(contexts);
  const folders =
    main.folder === undefined ? named.folders : { ...named.folders, [MAIN_CONTEXT]: main.folder };
  return {
    lowerOptions: { ...main.lowerOptions, contexts: named.values },
    answers: {
      async loadIgnore(name) {
        const folder = Object.hasOwn(named.folders, name) ? named.folders[name] : undefined;
        return folder === undefined ? [] : await loadIgnoreRules(folder, undefined, options.load);
      },
    },
    async sources(): Promise<readonly Source[]> {
      const { createLocalSource } = await import('@img-build/sources');
      return [createLocalSource({ folders, session: randomUUID() })];
    },
  };
}
