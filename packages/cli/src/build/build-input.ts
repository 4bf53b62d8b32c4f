// SPDX-License-Identifier: MIT
import type { LowerOptions, LowerRequest } from '@img-build/dockerfile-frontend';
import type { SecretSource, Source } from '@img-build/interfaces';
import type { ContentHasher } from '@img-build/sources';
import type { CommandIo } from '../command.ts';
import type { Services } from '../wiring/services.ts';
import { openFolderInput } from './context/folder-input.ts';
import { isRemoteContext } from './context/remote-address.ts';

/** What the user named. */
export interface BuildInputNames {
  /** A folder, `-`, or the address of a repository, an archive or a Dockerfile. */
  readonly context: string;
  /** The value of `--file`. */
  readonly file: string | undefined;
  /** Values of `--build-context` by name, as written. */
  readonly contexts?: Readonly<Record<string, string>> | undefined;
}

/** Runs `read` as a step of the build; the bytes it resolves to are shown as transferred under `transfer`. */
export type LoadStep = (
  step: string,
  transfer: string,
  read: () => Promise<Uint8Array>,
) => Promise<Uint8Array>;

/** What reading the input needs. */
export interface BuildInputOptions {
  readonly io: Pick<CommandIo, 'stdin'>;
  readonly services: Services;
  /** Asked for what git and http servers want to know. */
  readonly secrets: SecretSource;
  readonly signal: AbortSignal;
  readonly load: LoadStep;
}

/** What the sources work with. */
export interface InputSourcesOptions {
  /** Reads folders ahead; the same one computes the build's checksums. */
  readonly hasher?: Pick<ContentHasher, 'load'> | undefined;
}

/** What a build reads: everything that follows from the context argument, `--file` and `--build-context`. */
export interface BuildInput {
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** What the frontend is told about contexts. */
  readonly lowerOptions: Pick<
    LowerOptions,
    'context' | 'contextForm' | 'contextSubdirectory' | 'contextIgnore' | 'contexts'
  >;
  /** What the frontend asks about contexts. */
  readonly answers: Pick<LowerRequest, 'resolveLayoutConfig' | 'loadIgnore' | 'sourceTime'>;
  /** The sources of folders, repositories, downloads and layouts; they remember what was fetched for the Dockerfile. */
  sources(options?: InputSourcesOptions): Promise<readonly Source[]>;
  /** Removes what was made for the build. */
  close(): void;
}

/**
 * Finds the contexts and reads the Dockerfile and the ignore file. Named contexts are not looked at before the frontend
 * asks about them.
 *
 * @throws UsageError, SourceError
 */
export async function openBuildInput(
  names: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  if (names.context === '-') {
    const { openStdinInput } = await import('./context/stdin-input.ts');
    return await openStdinInput(names, options);
  }
  if (isRemoteContext(names.context)) {
    const { openRemoteInput } = await import('./context/remote-input.ts');
    return await openRemoteInput(names, options);
  }
  return await openFolderInput(names, options);
}
