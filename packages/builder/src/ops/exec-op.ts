// SPDX-License-Identifier: MIT
import type { ContainerOutput, Op, OpContext, Result, Vertex } from '@img-build/interfaces';
import type { ExecOp, LlbPlatform } from '@img-build/llb';
import { type BuildContext, reserveRecords, treeOf } from '../build-context.ts';
import { asBuildResult, recordIdOf, recordResult } from '../build-result.ts';
import { BuilderError, ProcessFailedError } from '../builder-error.ts';
import { execRequest } from './exec-request.ts';

/** Runs a command. */
export function createExecOp(
  context: BuildContext,
  exec: ExecOp,
  platform: LlbPlatform | undefined,
  vertex: Vertex,
  cacheMap: Op['cacheMap'],
): Op {
  // Secrets and agents carry an output number too, and mean nothing by it.
  const trees = exec.mounts.filter(({ mountType }) => mountType === 'bind');
  const outputCount = Math.max(0, ...trees.map(({ output }) => output + 1));

  async function execute(inputs: readonly Result[], options: OpContext): Promise<readonly Result[]> {
    const { worker, secrets } = context;
    requireDevices(exec, context.entitlements);
    const results = inputs.map(asBuildResult);
    const read = await Promise.all(results.map((result) => treeOf(context, result, vertex.digest, options)));
    const names = reserveRecords(context, outputCount);
    const request = await execRequest(exec, {
      secrets,
      platform,
      inputs: read,
      outputs: names,
      startsEmpty: (id, origin) =>
        (vertex.ignoreCache ?? false) && firstUse(context, JSON.stringify([id, origin])),
      signal: options.signal,
    });
    const { exitCode, outOfMemory } = await worker.exec(request, logTo(context, options), options);
    if (!(request.validExitCodes ?? [0]).includes(exitCode))
      throw processFailed(exec.meta.args, exitCode, outOfMemory ?? false);
    return names.map((name, output) => {
      const mount = trees.find((each) => each.output === output);
      const input = mount === undefined || mount.input < 0 ? undefined : results[mount.input];
      // What could not be written has not changed.
      if (mount?.readonly && input !== undefined) return input;
      return putOutput(name, input && recordIdOf(input));
    });
  }

  function putOutput(id: string, parent: string | undefined): Result {
    context.records.put({
      id,
      parent,
      type: 'regular',
      description: `mount / from exec ${exec.meta.args.join(' ')}`,
    });
    return recordResult(id);
  }

  return { cacheMap, execute, weight: 'heavy' };
}

function requireDevices({ cdiDevices }: ExecOp, entitlements: readonly string[]): void {
  for (const { name } of cdiDevices) {
    if (entitlements.includes('device') || entitlements.includes(`device=${name}`)) continue;
    throw new BuilderError(`device ${name} is requested by the build but not allowed`, {
      code: 'BUILD_DEVICE_FORBIDDEN',
      hint: `allow it: --allow device=${name}`,
    });
  }
}

function firstUse({ emptiedCaches }: BuildContext, cache: string): boolean {
  const isFirst = !emptiedCaches.has(cache);
  emptiedCaches.add(cache);
  return isFirst;
}

function logTo({ clock }: BuildContext, { report, vertex }: OpContext): ContainerOutput {
  const log = (stream: 1 | 2) => (data: Uint8Array) =>
    report({ type: 'vertex-logged', vertex: vertex.digest, stream, data, at: clock() });
  return { stdout: log(1), stderr: log(2) };
}

function processFailed(args: readonly string[], exitCode: number, outOfMemory: boolean): ProcessFailedError {
  const command = args.map((arg) => arg.replaceAll('\\', '\\\\').replaceAll('"', '\\"')).join(' ');
  const note = outOfMemory ? ': the process ran out of memory' : '';
  return new ProcessFailedError(
    `process "${command}" did not complete successfully: exit code: ${exitCode}${note}`,
    { exitCode },
  );
}
