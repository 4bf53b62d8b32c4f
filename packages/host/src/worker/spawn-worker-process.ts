// SPDX-License-Identifier: MIT
import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { AbortOptions, Closable } from '@img-build/interfaces';
import { HostError } from '../host-error.ts';
import { programMissing, unshareFailure } from '../namespace/failures.ts';
import { findProgram } from '../namespace/find-program.ts';
import { type MappingMode, type MappingPlan, planMapping } from '../namespace/id-maps.ts';
import { type ProcessFacts, readProcessFacts } from '../namespace/process-facts.ts';
import { awaitReady, createOutputTail, type OutputTail } from './start-up.ts';

/** What to run inside the namespaces. */
export interface WorkerProcessOptions extends AbortOptions {
  /** Program and arguments; finds its channel at file descriptor 3, see {@link serveWorker}. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Whole environment of the worker; default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** `single-id` needs neither newuidmap nor sub-ids, but files can have one owner only. Default: `sub-ids` where more than one id exists. */
  readonly mapping?: MappingMode | undefined;
  /** Called with what the worker writes to stdout and stderr: diagnostics only. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** A process inside its own namespaces. */
export interface WorkerProcess extends Closable {
  /** Ends up at file descriptor 3 of the worker. */
  readonly channel: Duplex;
  /** Pid of unshare(1), the parent of the worker; killing it kills the worker. */
  readonly pid: number;
  /** `root`: no user namespace was needed. */
  readonly mapping: MappingMode | 'root';
  /** The worker is process 1 of its own pid namespace; false where /proc is masked. */
  readonly pidNamespace: boolean;
  /** Resolves when the process has ended, saying how. */
  readonly ended: Promise<HostError>;
  /** Closes the channel and waits for the end, three seconds at most, then kills. */
  close(): Promise<void>;
}

/** Waits for the go before it becomes the worker: the id maps are written from outside in the meantime. */
const GATE = 'echo ready >&3 && read go <&3 && exec "$@"';
const CLOSE_TIMEOUT = 3000;

/**
 * Starts a worker as process 1 of new mount and pid namespaces and, unless this process is root, of a user namespace.
 *
 * It runs in a session of its own, so that Ctrl-C at the terminal does not reach it, and dies with this process. The
 * promise resolves as soon as the namespaces are set up; the worker itself may still be starting.
 *
 * @throws HostError `UNSHARE_MISSING`, `USERNS_FORBIDDEN`, `USERNS_LIMIT`, `NEWUIDMAP_MISSING`, `NEWUIDMAP_FORBIDDEN`,
 *   `SUBIDS_MISSING`, `USER_UNKNOWN`, `WORKER_START_FAILED`; all but the last with a hint
 */
export async function spawnWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  options.signal?.throwIfAborted();
  const facts = readProcessFacts();
  const searchPath = process.env['PATH'];
  const mapping = facts.mayMount ? 'root' : (options.mapping ?? (facts.singleId ? 'single-id' : 'sub-ids'));
  const plan = mapping === 'root' ? undefined : planMapping(mapping, facts, searchPath);
  const unshare = findProgram('unshare', searchPath);
  if (unshare === undefined) throw programMissing('unshare');
  const attempt = { unshare, facts, plan, options };
  const { child, output, pidNamespace } = await startFirstPossible(attempt);
  return describeProcess(child, output, { mapping, pidNamespace });
}

interface Attempt {
  readonly unshare: string;
  readonly facts: ProcessFacts;
  readonly plan: MappingPlan | undefined;
  readonly options: WorkerProcessOptions;
}

interface Started {
  readonly child: ChildProcess;
  readonly output: OutputTail;
  readonly pidNamespace: boolean;
}

/** What may have to be left out on a machine. */
interface Features {
  readonly pidNamespace: boolean;
  readonly killChild: boolean;
}

async function startFirstPossible(attempt: Attempt): Promise<Started> {
  let features: Features = { pidNamespace: true, killChild: true };
  while (true) {
    const started = await start(attempt, features);
    if ('child' in started) return started;
    const fewer = withoutRefused(features, started.refusal);
    if (fewer === undefined) throw unshareFailure(started.refusal, attempt.facts);
    features = fewer;
  }
}

/** The features without the one that `refusal` is about; undefined when it is about none. */
function withoutRefused(features: Features, refusal: string): Features | undefined {
  // Busybox does not know it; the worker asks for the same itself once it runs.
  if (features.killChild && /option.*kill-child/i.test(refusal)) return { ...features, killChild: false };
  // In containers parts of /proc are often hidden; the kernel then refuses a new /proc, and with it a useful pid namespace.
  if (features.pidNamespace && /proc\b.*(not permitted|permission denied)/is.test(refusal))
    return { ...features, pidNamespace: false };
  return undefined;
}

async function start(
  { unshare, plan, options }: Attempt,
  { pidNamespace, killChild }: Features,
): Promise<Started | { readonly refusal: string }> {
  const flags = [
    ...(plan === undefined ? [] : ['-U']),
    '-m',
    ...(pidNamespace ? ['-p', '--mount-proc'] : []),
    '-f',
    ...(killChild ? ['--kill-child=KILL'] : []),
  ];
  const { spawn } = await import('node:child_process');
  const child = spawn(unshare, [...flags, '--', '/bin/sh', '-c', GATE, 'sh', ...options.command], {
    cwd: '/',
    detached: true,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const output = createOutputTail(child, options.onOutput);
  try {
    const ready = await awaitReady(child, output, options);
    if (!ready) return { refusal: output.text() };
    await plan?.apply(child.pid ?? 0, options);
    options.signal?.throwIfAborted();
    channelOf(child).write('go\n');
    return { child, output, pidNamespace };
  } catch (error) {
    child.kill('SIGKILL');
    channelOf(child).destroy();
    throw error;
  }
}

function describeProcess(
  child: ChildProcess,
  output: OutputTail,
  facts: Pick<WorkerProcess, 'mapping' | 'pidNamespace'>,
): WorkerProcess {
  const channel = channelOf(child);
  const ended = output.ended.then(({ code, signal }) => {
    const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
    const said = output.text().trim();
    return new HostError(`the worker ${how}${said === '' ? '' : `: ${said}`}`, { code: 'WORKER_DIED' });
  });
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    channel.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT);
    await ended;
    clearTimeout(timer);
    channel.destroy();
  }
  return {
    ...facts,
    channel,
    pid: child.pid ?? 0,
    ended,
    close: () => (closing ??= close()),
  };
}

function channelOf(child: ChildProcess): Duplex {
  return child.stdio[3] as Duplex;
}
