// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import type { OciLayoutSource } from '@img-build/sources';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { loadIgnoreRules } from './ignore-rules.ts';
import { namedContextsFrom } from './named-contexts.ts';
import type { RemoteSources } from './remote-sources.ts';

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
  readonly remote: RemoteSources;
  readonly options: BuildInputOptions;
}

/** Everything of the input that follows from the contexts. @throws UsageError */
export function contextParts({
  main,
  contexts = {},
  remote,
  options,
}: ContextPartsInit): Pick<BuildInput, 'lowerOptions' | 'answers' | 'sources'> {
  const { services, load } = options;
  const named = namedContextsFrom(contexts);
  const folders =
    main.folder === undefined ? named.folders : { ...named.folders, [MAIN_CONTEXT]: main.folder };
  let layouts: Promise<OciLayoutSource> | undefined;

  async function openLayouts(): Promise<OciLayoutSource> {
    const [{ createOciLayoutSource }, content] = await Promise.all([
      import('@img-build/sources'),
      services.content(),
    ]);
    return createOciLayoutSource({ stores: named.layouts, content, platform: services.platform });
  }

  return {
    lowerOptions: { ...main.lowerOptions, contexts: named.values },
    answers: {
      async loadIgnore(name) {
        const folder = Object.hasOwn(named.folders, name) ? named.folders[name] : undefined;
        if (folder === undefined) return [];
        return await loadIgnoreRules(folder, { load, step: `[context ${name}] load .dockerignore` });
      },
      async resolveLayoutConfig(layout, platform, abort) {
        return await (await (layouts ??= openLayouts())).resolveConfig(layout, platform, abort);
      },
      async sourceTime(source, abort) {
        const { sourceTime } = await import('./source-time.ts');
        return await sourceTime(source, remote, abort);
      },
    },
    async sources({ hasher } = {}) {
      const [{ createLocalSource }, { git, http }] = await Promise.all([
        import('@img-build/sources'),
        remote.open(),
      ]);
      const local = createLocalSource({ folders, session: randomUUID(), hasher });
      const oci = Object.keys(named.layouts).length === 0 ? [] : [await (layouts ??= openLayouts())];
      return [local, git, http, ...oci];
    },
  };
}
