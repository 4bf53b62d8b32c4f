// SPDX-License-Identifier: MIT
import { hintOf, isToolError, ToolError } from '@img-build/errors';
import { formatReference, parseReference } from '@img-build/oci';
import { type BuildInput, openBuildInput } from '../build/build-input.ts';
import { type BuildCommandRequest, buildRequestFrom } from '../build/build-request.ts';
import { failureReport } from '../build/failure-report.ts';
import { type BuildProgress, createBuildProgress } from '../build/progress.ts';
import { runBuild } from '../build/run-build.ts';
import type { Command, CommandContext } from '../command.ts';
import { shownName } from '../image-name.ts';
import { causeChain } from '../render/failure.ts';
import { formatWarnings } from '../render/warnings.ts';

/** `img build` */
export const buildCommand: Command = {
  name: 'build',
  summary: 'Build an image from a Dockerfile',
  usage: '[OPTIONS] PATH',
  flags: [
    { name: 'build-arg', type: 'list', description: 'Set build-time variables' },
    {
      name: 'cache-from',
      type: 'list',
      description: 'Buildkit import-cache or Buildx cache-from specification',
    },
    { name: 'cache-to', type: 'list', description: 'Buildx cache-to specification' },
    {
      name: 'file',
      short: 'f',
      type: 'string',
      description: "Name of the Dockerfile (Default is 'PATH/Dockerfile')",
    },
    { name: 'label', type: 'list', description: 'Set metadata for an image' },
    { name: 'no-cache', type: 'boolean', description: 'Do not use cache when building the image' },
    { name: 'no-console', type: 'boolean', description: 'Use non-console progress UI' },
    {
      name: 'output',
      short: 'o',
      type: 'list',
      value: 'string',
      description: 'BuildKit output specification (e.g. type=tar,dest=build.tar)',
    },
    { name: 'platform', type: 'list', description: 'Set platforms for which the image should be built' },
    {
      name: 'tag',
      short: 't',
      type: 'list',
      description: "Name and optionally a tag in the 'name:tag' format",
    },
    { name: 'target', type: 'string', description: 'Set the target build stage to build' },
  ],
  positionals: { min: 1, max: 1 },
  async run(context) {
    const { args, io, services, signal } = context;
    const request = buildRequestFrom(args, {
      env: services.env,
      platform: services.platform,
      stdoutIsTerminal: io.stdout.isTTY,
    });
    io.say(`Building ${title(request)}`);
    io.say('Setting up the rootfs... this may take a bit.');
    const colors = (services.env['NO_COLOR'] ?? '') === '';
    const progress = createBuildProgress(io, { plain: request.plainProgress, colors, clock: Date.now });
    try {
      const input = await openBuildInput(request, {
        io,
        services,
        secrets: { secret: async () => undefined, agent: async () => undefined },
        signal,
        load: (step, transfer, read) =>
          progress.step(step, async (transferred) => {
            const bytes = await read();
            transferred(transfer, bytes.length);
            return bytes;
          }),
      });
      try {
        await build(context, request, input, progress);
      } finally {
        input.close();
      }
    } finally {
      progress.finish();
    }
  },
};

async function build(
  { io, services, signal }: CommandContext,
  request: BuildCommandRequest,
  input: BuildInput,
  progress: BuildProgress,
): Promise<void> {
  const { dockerfile } = input;
  try {
    const { digest, warnings } = await runBuild({ request, input, services, io, progress, signal });
    progress.finish();
    io.stderr.write(formatWarnings(warnings, dockerfile));
    io.say(
      `Successfully built ${request.names.length === 0 && digest !== undefined ? digest : title(request)}`,
    );
  } catch (error) {
    progress.finish();
    if (signal.aborted) throw error;
    const { log, locationOf } = progress;
    io.stderr.write(failureReport(error, { dockerfile, log, locationOf }));
    throw failedToSolve(error);
  }
}

/** The last line says what went wrong; the lines above it where. */
function failedToSolve(error: unknown): unknown {
  if (!isToolError(error)) return error;
  const cause = isToolError(error, 'SOLVER_VERTEX_FAILED') ? error.cause : error;
  return new ToolError(`failed to solve: ${causeChain(cause)}`, {
    code: 'BUILD_FAILED',
    hint: hintOf(error),
    cause,
  });
}

/** What the build is called: its first name, or the kind of its output. */
function title({ names, outputs }: BuildCommandRequest): string {
  const [name] = names;
  return name === undefined
    ? (outputs[0]?.dest ?? outputs[0]?.type ?? 'image')
    : shownName(formatReference(parseReference(name)));
}
