// SPDX-License-Identifier: MIT
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '@img-build/errors';
import type { ArchiveSink } from '@img-build/exporters';
import { findProgram } from '@img-build/host';
import type { AbortOptions, Exporter } from '@img-build/interfaces';
import { EngineError } from './engine-error.ts';

/** A container engine of this machine. */
export interface Engine {
  readonly name: string;
  /** Absolute path of its client. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Clients in the order they are tried, with what makes them talk to their engine. */
const CLIENTS = [
  { name: 'docker', question: ['version', '--format', '{{.Server.Version}}'] },
  { name: 'podman', question: ['version'] },
] as const;

/** Milliseconds an engine may take to answer. */
const PATIENCE = 20_000;
/** Characters of a complaint that are kept. */
const MAX_COMPLAINT = 4096;
const ADVICE = 'write an archive with -o type=docker,dest=FILE';

/**
 * The engine that images are loaded into: docker, else podman.
 *
 * @throws EngineError `ENGINE_MISSING`, `ENGINE_UNREACHABLE`
 */
export async function findEngine(env: NodeJS.ProcessEnv, { signal }: AbortOptions): Promise<Engine> {
  const complaints: string[] = [];
  for (const { name, question } of CLIENTS) {
    const program = findProgram(name, env['PATH']);
    if (program === undefined) continue;
    try {
      await promisify(execFile)(program, question, { env, signal, timeout: PATIENCE });
      return { name, program, env };
    } catch (error) {
      signal?.throwIfAborted();
      const { stderr } = error as { readonly stderr?: unknown };
      const said = typeof stderr === 'string' ? stderr.trim() : '';
      complaints.push(
        `${name}: ${said === '' ? messageOf(error).split('\n')[0] : said.slice(0, MAX_COMPLAINT)}`,
      );
    }
  }
  if (complaints.length === 0)
    throw new EngineError('--load needs docker or podman, and neither is installed', {
      code: 'ENGINE_MISSING',
      hint: ADVICE,
    });
  throw new EngineError(`no engine to load the image into answers: ${complaints.join('; ')}`, {
    code: 'ENGINE_UNREACHABLE',
    hint: ADVICE,
  });
}

/**
 * Creates the exporter that gives the image to an engine.
 *
 * @param archive - the exporter of what the engine reads.
 */
export function createEngineExporter(engine: Engine, archive: (to: ArchiveSink) => Exporter): Exporter {
  return {
    title: `exporting to ${engine.name}`,
    async export(input, options) {
      const load = startLoad(engine, options);
      try {
        const result = await archive({ write: load.write }).export(input, options);
        await options.progress(`importing to ${engine.name}`, load.finish);
        return result;
      } finally {
        load.stop();
      }
    },
  };
}

interface Load {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Resolves when the engine has the image. */
  readonly finish: () => Promise<void>;
  readonly stop: () => void;
}

function startLoad({ name, program, env }: Engine, { signal }: AbortOptions): Load {
  const child = spawn(program, ['load'], { env, stdio: ['pipe', 'ignore', 'pipe'], signal });
  let complaint = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-MAX_COMPLAINT);
  });
  // An engine that reads no more says why when it ends.
  child.stdin.on('error', () => {});
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => {});
  const refused = (): EngineError =>
    new EngineError(`${name} load failed: ${complaint.trim() === '' ? 'it ended early' : complaint.trim()}`, {
      code: 'ENGINE_LOAD_FAILED',
    });
  return {
    async write(chunk) {
      if (child.stdin.write(chunk)) return;
      const drained = new Promise<'drained'>((resolve) =>
        child.stdin.once('drain', () => resolve('drained')),
      );
      if ((await Promise.race([drained, ended])) !== 'drained') throw refused();
    },
    async finish() {
      child.stdin.end();
      if ((await ended) !== 0) throw refused();
    },
    stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill();
    },
  };
}
