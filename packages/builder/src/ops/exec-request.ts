// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import type { ExecMount, ExecRequest, SecretSource, Tree } from '@img-build/interfaces';
import type { ExecOp, LlbPlatform, Mount, ProxyEnv } from '@img-build/llb';
import type { Platform } from '@img-build/oci';
import { BuilderError } from '../builder-error.ts';

/** What an exec op is turned into a request with. */
export interface ExecRequestContext {
  readonly secrets: SecretSource;
  readonly platform: LlbPlatform | undefined;
  /** Trees of the op's inputs. */
  readonly inputs: readonly Tree[];
  /** Snapshot names of the op's outputs. */
  readonly outputs: readonly string[];
  /** Tells whether a cache mount of this id has to start empty. */
  readonly startsEmpty: (cacheId: string) => boolean;
}

const SANDBOX_HOSTNAME = 'buildkitsandbox';

/** An exec op as the worker takes it. */
export async function execRequest(
  { meta, mounts, network, security, secretEnv }: ExecOp,
  context: ExecRequestContext,
): Promise<ExecRequest> {
  const env = [...meta.env, ...proxyVariables(meta.proxyEnv)];
  for (const { id, name, optional } of secretEnv) {
    const secret = await context.secrets.secret(id);
    if (secret !== undefined) env.push(`${name}=${Buffer.from(secret).toString('utf8')}`);
    else if (!optional) throw missingSecret(id);
  }
  const requested = await Promise.all(mounts.map((mount) => execMount(mount, meta.cwd, context)));
  return {
    args: meta.args,
    env,
    cwd: meta.cwd === '' ? '/' : meta.cwd,
    user: meta.user,
    hostname: meta.hostname === '' ? SANDBOX_HOSTNAME : meta.hostname,
    network: network === 'none' ? 'none' : 'host',
    security,
    platform: platformOf(context.platform),
    mounts: requested.filter((mount) => mount !== undefined),
    extraHosts: meta.extraHosts,
    ulimits: meta.ulimit,
    shmSize: requested.find((mount) => mount?.destination === '/dev/shm' && mount.type === 'tmpfs')?.size,
    cgroupParent: meta.cgroupParent === '' ? undefined : meta.cgroupParent,
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
      const id = given === '' ? base.destination : given;
      return { ...base, cache: { id, sharing, reset: context.startsEmpty(id) } };
    }
    case 'secret': {
      const { id = '', uid = 0, gid = 0, mode = 0o400, optional = true } = mount.secretOpt ?? {};
      const secret = await context.secrets.secret(id);
      if (secret === undefined && !optional) throw missingSecret(id);
      return secret && { ...base, secret, uid, gid, mode };
    }
    case 'ssh': {
      const { id = '', uid = 0, gid = 0, mode = 0o600, optional = true } = mount.sshOpt ?? {};
      const agent = await context.secrets.agent(id);
      if (agent === undefined && !optional) {
        throw new BuilderError(`no SSH key ${JSON.stringify(id)} forwarded from the client`, {
          code: 'BUILD_SECRET_MISSING',
        });
      }
      return agent && { ...base, agent, uid, gid, mode };
    }
  }
}

function missingSecret(id: string): BuilderError {
  return new BuilderError(`secret ${id}: not found`, { code: 'BUILD_SECRET_MISSING' });
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
