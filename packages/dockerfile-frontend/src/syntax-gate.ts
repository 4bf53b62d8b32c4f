// SPDX-License-Identifier: MIT
import { detectSyntax } from '@img-build/dockerfile-parser';
import { isReference, parseReference } from '@img-build/oci';
import { FrontendError } from './frontend-error.ts';
import { buildArg } from './global-args.ts';

/** Frontend images that are this frontend, in any version. */
const BUILT_IN: ReadonlySet<string> = new Set(['docker/dockerfile', 'docker/dockerfile-upstream']);

/**
 * Refuses a file that asks for another frontend: frontend images are not run.
 *
 * @throws FrontendError `DOCKERFILE_SYNTAX_FOREIGN`
 */
export function checkSyntax(text: string, buildArgs: Readonly<Record<string, string>>): void {
  const given = buildArg(buildArgs, 'BUILDKIT_SYNTAX');
  const found = detectSyntax(text);
  const reference = given?.split(' ', 1)[0] ?? found?.reference;
  if (reference === undefined || reference === '' || reference === 'dockerfile.v0' || isBuiltIn(reference))
    return;
  throw new FrontendError(
    `frontend image ${reference} is not supported: only docker/dockerfile is built in`,
    {
      code: 'DOCKERFILE_SYNTAX_FOREIGN',
      hint:
        given === undefined
          ? 'remove the syntax directive, or pass --build-arg BUILDKIT_SYNTAX=dockerfile.v0 to ignore it'
          : 'remove the build argument BUILDKIT_SYNTAX',
      ...(given === undefined && found !== null
        ? { ranges: [{ startLine: found.line, endLine: found.line }] }
        : {}),
    },
  );
}

function isBuiltIn(reference: string): boolean {
  if (!isReference(reference)) return false;
  const { domain, path } = parseReference(reference);
  return domain === 'docker.io' && BUILT_IN.has(path);
}
