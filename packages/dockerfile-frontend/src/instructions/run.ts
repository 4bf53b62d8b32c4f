// SPDX-License-Identifier: MIT
import {
  type Mount,
  type RunInstruction,
  resolveMount,
  summarizeHeredoc,
} from '@img-build/dockerfile-parser';
import { type RunMount, type RunOptions, scratch, toLlbPlatform } from '@img-build/llb';
import { guard } from '../expansion.ts';
import { addHistory, shellOf } from '../image.ts';
import type { Stage } from '../stages/stage.ts';
import { describeInstruction } from '../step-name.ts';
import { requireEntitlement } from './entitlements.ts';
import {
  countStep,
  expandHere,
  type InstructionContext,
  invalid,
  opOptions,
  workingDirectory,
} from './instruction-context.ts';
import { lowerMounts } from './run-mounts.ts';

/** Folder a heredoc that is a program of its own is mounted at. */
const PIPES = '/dev/pipes/';

/** Runs a command and keeps what it changed. */
export function lowerRun(instruction: RunInstruction, context: InstructionContext): void {
  const { stage, lowering } = context;
  const { options } = lowering.request;
  const network = instruction.network === null ? options.network : networkOf(instruction.network);
  if (network === 'host') requireEntitlement('network.host', options.entitlements);
  if (instruction.security === 'insecure') requireEntitlement('security.insecure', options.entitlements);
  // A command may look at any file.
  stage.paths.add('/');
  const args = argsOf(instruction, stage);
  if (args.length === 0) throw invalid('arguments are required: RUN [] has no command');
  const mounts = instruction.mounts.map((mount) =>
    guard(() => resolveMount(mount, (value) => expandHere(context, value))),
  );
  const lowered = lowerMounts(mounts, context);
  const shm: RunMount[] =
    options.shmSize === undefined || options.shmSize <= 0
      ? []
      : [{ type: 'tmpfs', target: '/dev/shm', size: options.shmSize }];
  const general = opOptions(context);
  const run: RunOptions = {
    ...general,
    name: countStep(context) + displayName(instruction, mounts, context),
    description: { ...general.description, 'com.docker.dockerfile.v1.command': instruction.original },
    args,
    env: stage.environment.toList(),
    cwd: workingDirectory(context),
    user: stage.user,
    hostname: options.hostname,
    proxyEnv: lowering.proxyEnv,
    extraHosts: options.extraHosts,
    ulimits: options.ulimits,
    cgroupParent: options.cgroupParent,
    network,
    security: instruction.security ?? undefined,
    platform: stage.platform === undefined ? undefined : toLlbPlatform(stage.platform),
    mounts: [...programMounts(instruction), ...lowered.mounts, ...shm],
    secrets: lowered.secrets,
    ssh: lowered.ssh,
    devices: [
      ...(options.devices ?? []),
      ...instruction.devices.map(({ name, required }) => ({ name, optional: !required })),
    ],
  };
  stage.state = stage.state.run(run).root;
  addHistory(stage.image, `RUN ${[...argsInEffect(stage), ...args].join(' ')} # buildkit`, { layer: true });
}

function networkOf(written: 'default' | 'none' | 'host'): 'unset' | 'none' | 'host' {
  return written === 'default' ? 'unset' : written;
}

function argsOf({ command }: RunInstruction, stage: Stage): readonly string[] {
  if (command.form === 'exec') return command.args.map((word) => word.value);
  return [...shellOf(stage.image), command.form === 'heredoc-file' ? PIPES + command.name : command.text];
}

function programMounts({ command }: RunInstruction): RunMount[] {
  if (command.form !== 'heredoc-file') return [];
  const from = scratch().file(
    [{ type: 'mkfile', path: `/${command.name}`, mode: 0o755, data: Buffer.from(command.text) }],
    {
      name: '[internal] preparing inline document',
    },
  );
  return [{ type: 'bind', target: PIPES, from, selector: '/', readonly: true }];
}

function displayName(
  instruction: RunInstruction,
  mounts: readonly Mount[],
  { stage, lowering }: InstructionContext,
): string {
  const shown = stage.environment.copy();
  for (const { env } of mounts) if (env !== null) shown.set(env, '****');
  const { command } = instruction;
  const isProgram = command.form === 'heredoc-script' || command.form === 'heredoc-file';
  return (
    describeInstruction(instruction.original, shown, lowering) +
    (isProgram ? ` (${summarizeHeredoc(command.text)})` : '')
  );
}

/** `|2 A=1 B=2`: what history tells about the arguments a command saw. */
function argsInEffect({ args, environment }: Stage): string[] {
  const values = new Map(args.map(({ name, value }) => [name, environment.get(name) ?? value ?? '']));
  return values.size === 0
    ? []
    : [`|${values.size}`, ...[...values].map(([name, value]) => `${name}=${value}`)];
}
