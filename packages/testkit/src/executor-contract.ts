// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { ContainerExit, ContainerSpec, Executor, Mount } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';

/** What the suite works on. */
export interface ExecutorFixture {
  readonly executor: Executor;
  /** A fresh writable root with `sh`, `echo`, `cat`, `false` and `sleep` in /bin. */
  root(): Promise<readonly Mount[]>;
}

type Create = () => Promise<ExecutorFixture>;

let lastId = 0;

/** A container that runs `args` as root in `/` with nothing special. */
export function containerSpec(
  root: readonly Mount[],
  args: readonly string[],
  change: Partial<ContainerSpec> = {},
): ContainerSpec {
  return {
    id: `test-${process.pid}-${++lastId}`,
    root,
    args,
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0 },
    hostname: 'tester',
    mounts: [],
    network: 'host',
    security: 'sandbox',
    ...change,
  };
}

/** Runs a container and collects what it said. */
export async function runCollecting(
  executor: Executor,
  spec: ContainerSpec,
  options: { readonly signal?: AbortSignal; readonly onOutput?: (text: string) => void } = {},
): Promise<ContainerExit & { readonly stdout: string; readonly stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const take =
    (name: 'stdout' | 'stderr') =>
    (chunk: Uint8Array): void => {
      const text = Buffer.from(chunk).toString();
      said[name] += text;
      options.onOutput?.(text);
    };
  const exit = await executor.run(
    spec,
    { stdout: take('stdout'), stderr: take('stderr') },
    { signal: options.signal },
  );
  return { ...exit, ...said };
}

/** The behaviour every executor must have. */
export function describeExecutor(name: string, create: Create): void {
  describe(`${name} as an Executor`, () => {
    test('runs a command and hands on its output', async () => {
      const { executor, root } = await create();
      expect(
        await runCollecting(executor, containerSpec(await root(), ['/bin/echo', 'hello'])),
      ).toMatchObject({ exitCode: 0, stdout: 'hello\n', stderr: '' });
      expect(
        await runCollecting(executor, containerSpec(await root(), ['sh', '-c', 'echo oops >&2'])),
      ).toMatchObject({ exitCode: 0, stdout: '', stderr: 'oops\n' });
    });

    test('returns the exit code', async () => {
      const { executor, root } = await create();
      expect(await runCollecting(executor, containerSpec(await root(), ['/bin/false']))).toMatchObject({
        exitCode: 1,
      });
      expect(
        await runCollecting(executor, containerSpec(await root(), ['sh', '-c', 'exit 42'])),
      ).toMatchObject({ exitCode: 42 });
    });

    test('says that a command does not exist', async () => {
      const { executor, root } = await create();
      const error = await runCollecting(executor, containerSpec(await root(), ['no-such-command'])).catch(
        (reason: unknown) => reason,
      );
      expect(isToolError(error, 'EXECUTOR_COMMAND_NOT_FOUND')).toBe(true);
      expect(error).toHaveProperty('message', expect.stringContaining('no-such-command'));
    });

    test('stops a command on abort with the reason', async () => {
      const { executor, root } = await create();
      const controller = new AbortController();
      const reason = new Error('enough');
      const spec = containerSpec(await root(), ['sh', '-c', 'echo started; sleep 1000']);
      await expect(
        runCollecting(executor, spec, {
          signal: controller.signal,
          onOutput: () => controller.abort(reason),
        }),
      ).rejects.toBe(reason);
    });

    test('starts nothing after an abort', async () => {
      const { executor, root } = await create();
      const said: string[] = [];
      const spec = containerSpec(await root(), ['/bin/echo', 'hello']);
      await expect(
        runCollecting(executor, spec, {
          signal: AbortSignal.abort('no'),
          onOutput: (text) => said.push(text),
        }),
      ).rejects.toBe('no');
      expect(said).toEqual([]);
    });
  });
}
