// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';
import { planBuild } from '../build-plan.ts';
import { asQuestion } from '../checks/check-plan.ts';
import { withFileNameOf } from '../frontend-error.ts';
import { lowerStagesOf } from '../lower-platform.ts';
import type { LowerRequest } from '../options.ts';
import { type PlatformScope, platformScope } from '../platform-scope.ts';
import type { Stage } from '../stages/stage.ts';
import { reachableFrom } from '../stages/stage-graph.ts';
import { encodedSource, type SourceLocation, sourceLocation } from './source-location.ts';
import { addMount, type OutlinedArg, type OutlinedMount } from './stage-outline.ts';
import { textTable } from './text-table.ts';

/** A build argument that decides something. */
export interface OutlineArg {
  readonly name: string;
  /** Text of a comment above the ARG that starts with the name. */
  readonly description?: string;
  /** The value in effect: what was given, else the default. */
  readonly value?: string;
  readonly location: SourceLocation;
}

/** A secret or an SSH agent that is used. */
export interface OutlineMount {
  readonly name: string;
  readonly required?: true;
  readonly location: SourceLocation;
}

/** A cache mount. */
export interface OutlineCache {
  readonly ID: string;
  readonly location: SourceLocation;
}

/** What the target can be told, as BuildKit's `frontend.outline` answers; everything in the order of the file. */
export interface Outline {
  /** Name of the target. */
  readonly name?: string;
  /** Text of a comment above its FROM that starts with the name. */
  readonly description?: string;
  readonly args?: readonly OutlineArg[];
  readonly secrets?: readonly OutlineMount[];
  readonly ssh?: readonly OutlineMount[];
  readonly cache?: readonly OutlineCache[];
  /** The file, in base64. */
  readonly sources: readonly string[];
}

/**
 * Tells what arguments, secrets, agents and cache mounts the target uses, with all it needs. Asks the resolver about
 * base images: their triggers count too.
 *
 * @throws FrontendError; the signal's reason
 */
export async function outlineOf(request: LowerRequest): Promise<Outline> {
  request.signal?.throwIfAborted();
  return await withFileNameOf(request.name, async () => {
    const plan = planBuild(asQuestion(request));
    const scope = await platformScope(plan, plan.targetPlatforms[0] ?? plan.buildPlatform);
    const { target } = await lowerStagesOf(plan, scope, { findings: { bases: [], facts: new Map() } });
    return describeTarget(target, scope, request.text);
  });
}

function describeTarget(target: Stage, scope: PlatformScope, text: string): Outline {
  const stages = [...reachableFrom(target)];
  const args = [...argsOf(stages, scope).values()].sort(inFileOrder);
  const secrets = mountsOf(stages, 'secrets').map(describeMount);
  const ssh = mountsOf(stages, 'ssh').map(describeMount);
  const cache = mountsOf(stages, 'caches').map(([ID, { range }]) => ({
    ID,
    location: sourceLocation(range),
  }));
  const description = target.from?.description ?? '';
  return {
    ...(target.name === '' ? {} : { name: target.name }),
    ...(description === '' ? {} : { description }),
    ...(args.length === 0 ? {} : { args: args.map(describeArg) }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(ssh.length === 0 ? {} : { ssh }),
    ...(cache.length === 0 ? {} : { cache }),
    sources: [encodedSource(text)],
  };
}

function argsOf(stages: readonly Stage[], { globalArgs }: PlatformScope): Map<string, OutlinedArg> {
  const found = new Map<string, OutlinedArg>();
  for (const { outline } of stages) {
    const used = new Set(outline.used);
    // Grows while it is walked: a default may use further arguments.
    for (const name of used) {
      const arg = outline.args.get(name) ?? globalArgs.get(name);
      if (arg === undefined) continue;
      for (const other of arg.uses) used.add(other);
      if (!found.has(name)) found.set(name, arg);
    }
  }
  return found;
}

function describeArg({ name, description, value, range }: OutlinedArg): OutlineArg {
  return {
    name,
    ...(description === '' ? {} : { description }),
    ...(value === '' ? {} : { value }),
    location: sourceLocation(range),
  };
}

/** Mounts of one kind of all stages. */
function mountsOf(
  stages: readonly Stage[],
  kind: 'secrets' | 'ssh' | 'caches',
): readonly (readonly [name: string, mount: OutlinedMount])[] {
  const found = new Map<string, OutlinedMount>();
  for (const { outline } of stages) for (const [name, mount] of outline[kind]) addMount(found, name, mount);
  return [...found].sort(([, a], [, b]) => inFileOrder(a, b));
}

function describeMount([name, { required, range }]: readonly [string, OutlinedMount]): OutlineMount {
  return { name, ...(required ? { required } : {}), location: sourceLocation(range) };
}

function inFileOrder(a: { readonly range: SourceRange }, b: { readonly range: SourceRange }): number {
  return a.range.startLine - b.range.startLine;
}

/** The outline as tables. */
export function formatOutline({ name, description, args, secrets, ssh, cache }: Outline): string {
  const head = [
    ['TARGET:', name ?? '(default)'],
    ...(description === undefined ? [] : [['DESCRIPTION:', description]]),
  ];
  const table = (title: readonly string[], rows: readonly (readonly string[])[] | undefined): string[] =>
    rows === undefined ? [] : [textTable([title, ...rows], 3)];
  const mountRow = (mount: OutlineMount): string[] => [mount.name, mount.required === true ? 'true' : ''];
  return [
    ...(name === undefined && description === undefined ? [] : [textTable(head, 1)]),
    ...table(
      ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
      args?.map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']),
    ),
    ...table(['SECRET', 'REQUIRED'], secrets?.map(mountRow)),
    ...table(['SSH', 'REQUIRED'], ssh?.map(mountRow)),
    ...table(
      ['CACHE MOUNT'],
      cache?.map(({ ID }) => [ID]),
    ),
  ].join('\n');
}
