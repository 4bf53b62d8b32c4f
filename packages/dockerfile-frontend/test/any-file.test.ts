// SPDX-License-Identifier: MIT
import { encodeDefinition, parseDefinition } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  checkDockerfile,
  FrontendError,
  type LowerRequest,
  lowerDockerfile,
  outlineOf,
  targetsOf,
} from '../src/index.ts';
import { fakeResolver } from './lower.ts';

/** Lines in which `%` is a word. */
const LINES = [
  'FROM busybox',
  'FROM scratch AS b',
  'FROM a AS c',
  'FROM %',
  'RUN %',
  'RUN ["%"]',
  'RUN --mount=type=cache,target=/c --mount=from=ctx,target=/m,source=% %',
  'RUN --mount=type=secret,id=%,env=S --mount=type=ssh %',
  'RUN --network=none --device=% %',
  'RUN --mount=% %',
  'RUN <<E',
  'COPY % /x',
  'COPY --from=a % % /x/',
  'COPY --from=% a /',
  'COPY --link --parents --exclude=% % %',
  'COPY --chown=% --chmod=% a /',
  'COPY <<E <<"F" /h/',
  'ADD --unpack % /x',
  'ADD --keep-git-dir=true https://h/%.git /x',
  'ADD https://h/% /x',
  'ENV A=% B=$A',
  'ENV % %',
  'ARG A=%',
  'ARG %',
  'LABEL l=%',
  'EXPOSE % 80',
  'USER %',
  'WORKDIR %',
  'VOLUME %',
  'STOPSIGNAL %',
  'SHELL ["%"]',
  'CMD %',
  'ENTRYPOINT ["%"]',
  'HEALTHCHECK --interval=1s CMD %',
  'ONBUILD RUN %',
  'ONBUILD COPY --from=ctx % /',
  'MAINTAINER %',
  '# %',
  '% %',
];
const WORDS = [
  ...[
    'a',
    '/b',
    'c/',
    '.',
    '../d',
    '*',
    '[a',
    'ctx',
    'busybox',
    '80',
    '1-3/udp',
    'u:g',
    '0640',
    'SIGTERM',
    '__proto__',
  ],
  ...[
    '$A',
    '${A:-x}',
    '${B?}',
    '${A%x}',
    '$',
    '"q',
    "'s'",
    '\\',
    '<<E',
    '--',
    '[]',
    'é',
    'type=tmpfs,target=/t',
  ],
];

const line = fc
  .tuple(fc.constantFrom(...LINES), fc.array(fc.constantFrom(...WORDS), { minLength: 4, maxLength: 4 }))
  .map(([template, words]) => {
    const rest = [...words];
    return template.replaceAll('%', () => rest.pop() ?? '');
  });
const file = fc
  .tuple(
    fc.constantFrom('', 'ARG A=1\n', '# escape=`\n', '# check=error=true\n'),
    fc.array(line, { maxLength: 6 }),
  )
  .map(([head, lines]) => `${head}FROM busybox AS a\n${lines.join('\n')}${ending(lines)}`);

/** What closes heredocs that are open. */
function ending(lines: readonly string[]): string {
  return lines.some((text) => text.includes('<<')) ? '\nE\nF\n' : '\n';
}

const requestFor = (text: string): LowerRequest => ({
  text,
  name: 'Dockerfile',
  options: {
    buildPlatform: { os: 'linux', architecture: 'amd64' },
    contexts: { ctx: 'local:ctx' },
    buildArgs: { A: 'b' },
  },
  resolver: fakeResolver({ busybox: { OnBuild: ['ENV T=1'] } }).resolver,
});

/** The result, or the error of the frontend; any other error is a bug. */
async function outcome<T>(work: () => T | Promise<T>): Promise<T | FrontendError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FrontendError) return error;
    throw error;
  }
}

describe('whatever a file says', () => {
  test('it becomes a graph that is whole, or an error that tells the file and lines in it', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const lines = text.split('\n').length;
        const result = await outcome(() => lowerDockerfile(requestFor(text)));

        if (result instanceof FrontendError) {
          expect(result.file).toBe('Dockerfile');
          for (const { startLine, endLine } of result.ranges) {
            expect(startLine).toBeGreaterThanOrEqual(1);
            expect(endLine).toBeGreaterThanOrEqual(startLine);
            expect(endLine).toBeLessThanOrEqual(lines);
          }
          return;
        }
        for (const { definition, config } of result.platforms) {
          const { ops } = parseDefinition(encodeDefinition(definition));
          const layers = (config.history ?? []).filter(({ empty_layer }) => empty_layer !== true);
          expect(ops.size).toBeGreaterThanOrEqual(Math.min(1, layers.length));
        }
      }),
      { numRuns: 600 },
    );
  });

  test('the questions about it have an answer, and a check is never an error', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const request = requestFor(text);
        const built = await outcome(() => lowerDockerfile(request));
        const outline = await outcome(() => outlineOf(request));
        await outcome(() => targetsOf(request));
        const check = await checkDockerfile({ ...request, options: { ...request.options, target: '' } });

        if (!(built instanceof FrontendError)) expect(outline).not.toBeInstanceOf(FrontendError);
        if (outline instanceof FrontendError) expect(check.buildError).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
