// SPDX-License-Identifier: MIT
import { readStandardInput } from '../../standard-input.ts';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputOptions, LoadStep } from '../build-input.ts';
import { definitionStep } from '../definition-step.ts';
import { decodeInput, MAX_FILE_BYTES } from './input-file.ts';

/** Names a Dockerfile may have when the user names none, in the order they are looked for. */
export const DOCKERFILE_NAMES: readonly [string, ...string[]] = ['Dockerfile', 'dockerfile', 'Containerfile'];

/** Reads a Dockerfile as a step of the build. @throws UsageError when it is not valid UTF-8 */
export async function loadDockerfile(
  name: string,
  load: LoadStep,
  read: () => Promise<Uint8Array>,
): Promise<BuildInput['dockerfile']> {
  const bytes = await load(definitionStep(name), 'transferring dockerfile:', read);
  return { name, text: decodeInput(bytes, name) };
}

/** The Dockerfile that is all of stdin. @throws UsageError */
export async function loadDockerfileFromStdin({
  io,
  load,
  signal,
}: BuildInputOptions): Promise<BuildInput['dockerfile']> {
  refuseTerminal(io, 'pipe a Dockerfile into img build -f -');
  const [name] = DOCKERFILE_NAMES;
  return await loadDockerfile(name, load, () => readStandardInput(io.stdin, MAX_FILE_BYTES, signal));
}

/** Nobody types a build. @throws UsageError */
export function refuseTerminal({ stdin }: BuildInputOptions['io'], wayOut: string): void {
  if (stdin.isTTY) throw new UsageError('stdin is a terminal: nothing to build', wayOut);
}
