// SPDX-License-Identifier: MIT
import type { FrontendError, FrontendWarning } from '@img-build/dockerfile-frontend';
import { hintOf, isToolError, ToolError } from '@img-build/errors';
import type { SecretSource } from '@img-build/interfaces';
import { formatReference, parseReference } from '@img-build/oci';
import { BUILD_FLAGS, IGNORED_FLAGS } from '../build/build-flags.ts';
import { type BuildInput, openBuildInput } from '../build/build-input.ts';
import type { BuildReport } from '../build/build-report.ts';
import { type BuildCommandRequest, buildRequestFrom } from '../build/build-request.ts';
import { failureReport } from '../build/failure-report.ts';
import { writesToStdout } from '../build/output-spec.ts';
import { type BuildProgress, createBuildProgress } from '../build/progress.ts';
import { imageId, prepareResultFiles, writeResultFiles } from '../build/result-files.ts';
import { type BuildOutcome, runBuild } from '../build/run-build.ts';
import { failNotCached, isNotCached, showExplanation } from '../build/show-explanation.ts';
import type { Command, CommandContext } from '../command.ts';
import { checkMaxSize, collectAutomatically } from '../disk/automatic-collection.ts';
import { MAX_SIZE_FLAG } from '../disk/disk-settings.ts';
import { shownName } from '../image-name.ts';
import { causeChain } from '../render/failure.ts';
import { formatWarnings } from '../render/warnings.ts';

/** `img build` */
export const buildCommand: Command = {
  name: 'build',
  summary: 'Build an image from a Dockerfile',
  usage: '[OPTIONS] PATH',
  flags: BUILD_FLAGS,
  positionals: { min: 1, max: 1 },
  async run(context) {
    const { args, io, services, signal } = context;
    const request = buildRequestFrom(args, {
      env: services.env,
      platform: services.platform,
      stdoutIsTerminal: io.stdout.isTTY,
    });
    const builds = request.call.method === 'build';
    const maxSize = args.text(MAX_SIZE_FLAG.name);
    checkMaxSize(services, maxSize);
    if (builds) prepareResultFiles(request);
    const { createSecretSource } = await import('../build/secrets.ts');
    const secrets = await createSecretSource({ ...request, env: services.env }, { signal });
    const session = openSession(context, request, secrets);
    const code = await workReporting(session);
    const say = session.talks ? io.say : () => {};
    if (builds) await collectAutomatically(services, { maxSize, say, signal });
    return code;
  },
};

/** One run of the command. */
interface Session {
  readonly context: CommandContext;
  readonly request: BuildCommandRequest;
  readonly secrets: SecretSource;
  readonly progress: BuildProgress;
  readonly colors: boolean;
  /** Whether the command talks besides its progress. */
  readonly talks: boolean;
  /** What became of the steps, once that is known. */
  report?: BuildReport | undefined;
}

function openSession(context: CommandContext, request: BuildCommandRequest, secrets: SecretSource): Session {
  const { args, io, services } = context;
  const colors = (services.env['NO_COLOR'] ?? '') === '';
  const talks = request.progress !== 'quiet' && request.progress !== 'rawjson';
  if (talks) {
    for (const { name, type } of IGNORED_FLAGS)
      if (type === 'boolean' ? args.is(name) : args.list(name).length > 0)
        io.say(`WARNING: --${name} changes nothing here and is ignored`);
    if (request.call.method === 'build') {
      io.say(`Building ${title(request)}`);
      io.say('Setting up the rootfs... this may take a bit.');
    }
  }
  const progress = createBuildProgress(io, { mode: request.progress, colors, clock: Date.now });
  return { context, request, secrets, progress, colors, talks };
}

/** Does the work; where a step fails, the lines above the error say where. */
async function workReporting(session: Session): Promise<number> {
  const { context, progress } = session;
  try {
    const input = await openInput(session);
    try {
      return await work(session, input);
    } catch (error) {
      progress.finish();
      if (context.signal.aborted) throw error;
      const shown = { io: context.io, request: session.request, report: session.report };
      if (isNotCached(error)) return failNotCached(shown);
      showExplanation(shown);
      const { log, locationOf } = progress;
      showWarnings(session, warningsOf(error), input);
      context.io.stderr.write(failureReport(error, { dockerfile: input.dockerfile, log, locationOf }));
      throw failedToSolve(error);
    } finally {
      input.close();
    }
  } finally {
    progress.finish();
  }
}

async function openInput({ context, request, secrets, progress }: Session): Promise<BuildInput> {
  const { io, services, signal } = context;
  return await openBuildInput(request, {
    io,
    services,
    secrets,
    signal,
    load: (step, transfer, read) =>
      progress.step(step, async (transferred) => {
        const bytes = await read();
        transferred(transfer, bytes.length);
        return bytes;
      }),
  });
}

async function work(session: Session, input: BuildInput): Promise<number> {
  const { context, request, secrets, progress, talks } = session;
  const { io, services, signal } = context;
  if (request.call.method !== 'build') {
    const { runCall } = await import('../build/call.ts');
    return await runCall({ request, input, services, io, progress, signal });
  }
  const onReport = (report: BuildReport): void => {
    session.report = report;
  };
  const outcome = await runBuild({ request, input, secrets, services, io, progress, signal, onReport });
  progress.finish();
  showExplanation({ io, request, report: session.report });
  await writeResultFiles(request, outcome, services.env);
  showWarnings(session, outcome.warnings, input);
  if (talks) io.say(`Successfully built ${builtName(request, outcome)}`);
  const id = request.quiet ? imageId(outcome) : undefined;
  if (id !== undefined && !request.outputs.some(writesToStdout)) io.print(id);
  return 0;
}

function showWarnings(
  { context: { io, debug }, colors, talks }: Session,
  warnings: readonly FrontendWarning[],
  { dockerfile }: BuildInput,
): void {
  if (!talks) return;
  io.stderr.write(
    formatWarnings(warnings, dockerfile, { expanded: debug, colors: colors && io.stderr.isTTY }),
  );
}

/** Where warnings are errors, the error brings them along. */
function warningsOf(error: unknown): readonly FrontendWarning[] {
  return isToolError(error, 'LINT_VIOLATION') ? ((error as Partial<FrontendError>).warnings ?? []) : [];
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

/** An image without a name is called by its digest. */
function builtName(request: BuildCommandRequest, { results }: BuildOutcome): string {
  const digest = results.find(({ descriptor }) => descriptor !== undefined)?.descriptor?.digest;
  return request.names.length === 0 && digest !== undefined ? digest : title(request);
}

/** What the build is called: its first name, or the kind of its output. */
function title({ names, outputs }: BuildCommandRequest): string {
  const [name] = names;
  return name === undefined
    ? (outputs[0]?.dest ?? outputs[0]?.type ?? 'image')
    : shownName(formatReference(parseReference(name)));
}
