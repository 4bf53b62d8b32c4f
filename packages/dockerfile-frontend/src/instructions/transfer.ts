// SPDX-License-Identifier: MIT

import { posix } from 'node:path';
import type { AddInstruction, CopyInstruction, CopySource } from '@img-build/dockerfile-parser';
import { type CopyStep, hasWildcard, http, merge, type State, scratch } from '@img-build/llb';
import { fileNameOf } from '../contexts/file-name.ts';
import { expand } from '../expansion.ts';
import { addHistory } from '../image.ts';
import { absoluteDestination, absolutePath } from '../text/go-path.ts';
import { addGitStep, gitAddressOf } from './add-git.ts';
import {
  countStep,
  expandHere,
  type InstructionContext,
  invalid,
  nameOf,
  opOptions,
  workingDirectory,
} from './instruction-context.ts';
import { parseMode } from './mode.ts';

/** COPY and ADD with every word expanded. */
export interface Transfer {
  readonly instruction: AddInstruction | CopyInstruction;
  /** Where paths come from. */
  readonly from: State;
  readonly paths: readonly string[];
  readonly chown: string;
  readonly chmod: string;
  readonly checksum: string;
  /** What all actions of the instruction have in common. */
  readonly common: Pick<
    CopyStep,
    'owner' | 'mode' | 'modeText' | 'exclude' | 'createDestination' | 'destination'
  >;
  /** Name of the step. */
  readonly name: string;
}

/** Copies files into the stage. */
export function lowerTransfer(
  instruction: AddInstruction | CopyInstruction,
  from: State,
  context: InstructionContext,
): void {
  const { stage } = context;
  const destination = expandHere(context, instruction.destination.value);
  const prefix = countStep(context);
  const name = nameOf(context);
  const transfer = expandTransfer({ instruction, from, destination, name: prefix + name }, context);
  checkChecksum(transfer);
  const steps = [
    ...transfer.paths.map((path) => pathStep(path, transfer)),
    ...instruction.sources.flatMap((source) =>
      source.type === 'heredoc' ? [heredocStep(source, transfer, context)] : [],
    ),
  ];
  const options = { ...opOptions(context), name: transfer.name };
  if (instruction.link && transfer.chmod === '') {
    const group = { id: `${stage.displayName || 'stage'}-${stage.stepIndex}`, name: prefix + name };
    const layer = scratch().file(steps, { ...options, progressGroup: { ...group, weak: true } });
    stage.state = merge([stage.state, layer], {
      ...options,
      name: `${prefix}LINK ${name}`,
      progressGroup: { ...group, weak: false },
    });
  } else {
    stage.state = stage.state.file(steps, options);
  }
  addHistory(stage.image, `${createdBy(transfer, destination)} # buildkit`, { layer: true });
}

interface Unexpanded {
  readonly instruction: AddInstruction | CopyInstruction;
  readonly from: State;
  readonly destination: string;
  readonly name: string;
}

function expandTransfer(
  { instruction, from, destination, name }: Unexpanded,
  context: InstructionContext,
): Transfer {
  const optional = (word: { readonly value: string } | null): string =>
    word === null ? '' : expandHere(context, word.value);
  const chown = optional(instruction.chown);
  const chmod = optional(instruction.chmod);
  return {
    instruction,
    from,
    paths: instruction.sources.flatMap((source) =>
      source.type === 'path' ? [expandHere(context, source.value)] : [],
    ),
    chown,
    chmod,
    checksum: instruction.kind === 'add' ? optional(instruction.checksum) : '',
    common: {
      destination: absoluteDestination(workingDirectory(context), destination),
      createDestination: true,
      owner: chown === '' ? undefined : chown,
      exclude: instruction.excludes.length === 0 ? undefined : instruction.excludes.map((word) => word.value),
      ...(chmod === '' ? {} : parseMode(chmod)),
    },
    name,
  };
}

function checkChecksum({ checksum, paths, instruction }: Transfer): void {
  if (checksum === '') return;
  const [only = ''] = paths;
  if (paths.length !== 1) throw invalid("checksum can't be specified for multiple sources");
  if (!isUrl(only) && gitAddressOf(only, instruction) === undefined)
    throw invalid('checksum requires HTTP(S) or Git sources');
}

function pathStep(path: string, transfer: Transfer): CopyStep {
  const isAdd = transfer.instruction.kind === 'add';
  const address = gitAddressOf(path, transfer.instruction);
  if (address !== undefined) {
    if (!isAdd) throw invalid("source can't be a git ref for COPY");
    return addGitStep(address, transfer);
  }
  if (isUrl(path)) {
    if (!isAdd) throw invalid("source can't be a URL for COPY");
    return downloadStep(path, transfer);
  }
  return localStep(path, transfer);
}

function isUrl(path: string): boolean {
  return /^https?:\/\//.test(path);
}

function localStep(path: string, { instruction, from, common }: Transfer): CopyStep {
  const { source, include, required } =
    instruction.kind === 'copy' && instruction.parents
      ? splitAtPivot(path)
      : { source: absolutePath('/', path) };
  return {
    ...common,
    type: 'copy',
    from,
    source,
    include,
    required,
    followSymlinks: true,
    contentsOnly: true,
    unpack: instruction.kind === 'add' && (instruction.unpack ?? true),
    allowWildcard: true,
    allowEmptyWildcard: true,
  };
}

/** `--parents`: what stands behind `/./` (or all of it) is kept below the destination. */
function splitAtPivot(path: string): {
  readonly source: string;
  readonly include: readonly string[];
  readonly required?: readonly string[];
} {
  const pivot = path.indexOf('/./');
  const source = absolutePath('/', pivot < 0 ? '/' : path.slice(0, pivot));
  const pattern = absolutePath('/', pivot < 0 ? path : path.slice(pivot + '/./'.length));
  const literal = !hasWildcard(source) && !hasWildcard(pattern);
  return {
    source,
    include: [pattern.slice(1)],
    ...(literal ? { required: [posix.join(source, pattern)] } : {}),
  };
}

function downloadStep(url: string, { instruction, common, checksum, name }: Transfer): CopyStep {
  if (checksum !== '' && !/^sha256:[0-9a-f]{64}$/.test(checksum))
    throw invalid(`invalid checksum ${JSON.stringify(checksum)}: only sha256 is supported for downloads`);
  const filename = fileNameOf(url);
  return {
    ...common,
    type: 'copy',
    from: http(url, {
      filename,
      checksum: checksum === '' ? undefined : checksum,
      name,
      description: { 'com.docker.dockerfile.v1.command': instruction.original },
    }),
    source: `/${filename}`,
    unpack: instruction.kind === 'add' && instruction.unpack === true,
  };
}

function heredocStep(
  source: Extract<CopySource, { type: 'heredoc' }>,
  { common }: Transfer,
  { stage }: InstructionContext,
): CopyStep {
  const content = source.expand
    ? expand(source.content, stage.environment, '\\', { ignoreQuotes: true })
    : source.content;
  const from = scratch().file(
    [{ type: 'mkfile', path: absolutePath('/', source.name), mode: 0o644, data: Buffer.from(content) }],
    {
      name: '[internal] preparing inline document',
    },
  );
  return { ...common, type: 'copy', from, source: absolutePath('/', source.name) };
}

function createdBy({ instruction, paths, chown, chmod }: Transfer, destination: string): string {
  const heredocs = instruction.sources.flatMap((source) =>
    source.type === 'heredoc' ? [`<<${source.name}`] : [],
  );
  return [
    instruction.kind === 'add' ? 'ADD' : 'COPY',
    ...(instruction.kind === 'copy' && instruction.parents ? ['--parents'] : []),
    ...(chown === '' ? [] : [`--chown=${chown}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
    ...paths,
    ...heredocs,
    destination,
  ].join(' ');
}
