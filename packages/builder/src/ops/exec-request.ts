// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import type { AbortOptions, ExecMount, ExecRequest, SecretSource, Tree } from '@img-build/interfaces';
import type { ExecOp, LlbPlatform, Mount, ProxyEnv } from '@img-build/llb';
import type { Platform } from '@img-build/oci';
import { BuilderError } from '../builder-error.ts';
import { cacheMountName } from '../cache-mount-ids.ts';

/** What an exec op is turned into a request with. */
export interface ExecRequestContext extends AbortOptions {
  readonly secrets: SecretSource;
  readonly platform: LlbPlatform | undefined;
  /** Trees of the op's inputs. */
  readonly inputs: readonly Tree[];
  /** Snapshot names of the op's outputs. */
  readonly outputs: readonly string[];
  /** Tells whether a cache mount has to start empty. */
  readonly startsEmpty: (id: string, origin: string | undefined) => boolean;
}

const SANDBOX_HOSTNAME = 'buildkitsandbox';
/** Bytes; BuildKit's limit. */
const MAX_SECRET = 500 * 1024;

/** An exec op as the worker takes it. */
export async function execRequest(
  { meta, mounts, network, security, secretEnv, cdiDevices }: ExecOp,
  context: ExecRequestContext,
): Promise<ExecRequest> {
  const env = [...meta.env, ...proxyVariables(meta.proxyEnv)];
  for (const { id, name, optional } of secretEnv) {
    const secret = await secretOf(id, optional, context);
    if (secret !== undefined) env.push(`${name}=${secretText(id, name, secret)}`);
  }
  const requested = await Promise.all(mounts.map((mount) => execMount(mount, meta.cwd, context)));
  const shm = requested.find((mount) => mount?.destination === '/dev/shm' && mount.size !== undefined);
  return {
    args: meta.args,
    env,
    cwd: meta.cwd === '' ? '/' : meta.cwd,
    user: meta.user,
    hostname: meta.hostname === '' ? SANDBOX_HOSTNAME : meta.hostname,
    network: network === 'none' ? 'none' : 'host',
    security,
    platform: platformOf(context.platform),
    mounts: requested.filter((mount) => mount !== shm).filter((mount) => mount !== undefined),
    extraHosts: meta.extraHosts,
    ulimits: meta.ulimit,
    shmSize: shm?.size,
    cgroupParent: meta.cgroupParent === '' ? undefined : meta.cgroupParent,
    devices: cdiDevices.length === 0 ? undefined : cdiDevices,
    validExitCodes: meta.validExitCodes.length === 0 ? undefined : meta.validExitCodes,
  };
}

async function execMount(
  mount: Mount,
  cwd: string,
  context: ExecRequestContext,
): Promise<ExecMount | undefined> {
  const base = {
    destination: posix.resolve(cwd === '' ? '/' : cwd, mount.dest),
    type: mount.mountType,
    readonly: mount.readonly,
    input: mount.input < 0 ? ({ type: 'empty' } as const) : context.inputs[mount.input],
    selector: mount.selector === '' ? undefined : mount.selector,
    output: mount.mountType !== 'bind' || mount.output < 0 ? undefined : context.outputs[mount.output],
  };
  switch (mount.mountType) {
    case 'bind':
      return base;
    case 'tmpfs':
      return { ...base, size: mount.tmpfsOpt?.size || undefined };
    case 'cache': {
      const { id: given = '', sharing = 'shared' } = mount.cacheOpt ?? {};
      const id = cacheMountName(given, base.destination);
      const origin = originOf(base.input);
      return { ...base, cache: { id, origin, sharing, reset: context.startsEmpty(id, origin) } };
    }
    case 'secret': {
      const { id = '', uid = 0, gid = 0, mode = 0o400, optional = true } = mount.secretOpt ?? {};
      const secret = await secretOf(id, optional, context);
      return secret && { ...base, secret, uid, gid, mode };
    }
    case 'ssh': {
      const { id = '', uid = 0, gid = 0, mode = 0o600, optional = true } = mount.sshOpt ?? {};
      const agent = await context.secrets.agent(id, { signal: context.signal });
      if (agent === undefined && !optional) {
        throw new BuilderError(`no SSH key ${JSON.stringify(id)} forwarded from the client`, {
          code: 'BUILD_SECRET_MISSING',
          hint: `forward an agent or keys: --ssh ${id === 'default' ? id : `${id}=PATH`}`,
        });
      }
      return agent && { ...base, agent, uid, gid, mode };
    }
  }
}

/** What a new cache starts with is part of its name, as in BuildKit. */
function originOf(input: Tree | undefined): string | undefined {
  switch (input?.type) {
    case 'snapshot':
      return input.name;
    case 'host':
      return input.path;
    default:
      return undefined;
  }
}

async function secretOf(
  id: string,
  optional: boolean,
  { secrets, signal }: ExecRequestContext,
): Promise<Uint8Array | undefined> {
  const secret = await secrets.secret(id, { signal });
  if (secret === undefined && !optional)
    throw new BuilderError(`secret ${id}: not found`, {
      code: 'BUILD_SECRET_MISSING',
      hint: `give it to the build: --secret id=${id},src=FILE or --secret id=${id},env=VARIABLE`,
    });
  if (secret !== undefined && secret.length > MAX_SECRET)
    throw new BuilderError(`secret ${id} has ${secret.length} bytes, the limit is ${MAX_SECRET}`, {
      code: 'BUILD_SECRET_INVALID',
    });
  return secret;
}

/** The value of a variable: neither the kernel nor a container's description takes other bytes. */
function secretText(id: string, name: string, secret: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(secret);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: said below, and without the cause, which might tell something of it.
  }
  throw new BuilderError(`secret ${id} is not text, and cannot be the value of ${name}`, {
    code: 'BUILD_SECRET_INVALID',
    hint: `mount it as a file: RUN --mount=type=secret,id=${id}`,
  });
}

/** Proxies under both spellings, as programs differ in which one they read. */
function proxyVariables(proxy: ProxyEnv | undefined): string[] {
  if (proxy === undefined) return [];
  const pairs: [string, string][] = [
    ['HTTP_PROXY', proxy.httpProxy],
    ['HTTPS_PROXY', proxy.httpsProxy],
    ['FTP_PROXY', proxy.ftpProxy],
    ['NO_PROXY', proxy.noProxy],
    ['ALL_PROXY', proxy.allProxy],
  ];
  return pairs.flatMap(([name, value]) =>
    value === '' ? [] : [`${name}=${value}`, `${name.toLowerCase()}=${value}`],
  );
}

/** A platform in the spelling of the image formats. */
export function platformOf(platform: LlbPlatform | undefined): Platform | undefined {
  if (platform === undefined) return undefined;
  const { os, architecture, variant } = platform;
  return variant === undefined || variant === '' ? { os, architecture } : { os, architecture, variant };
}
