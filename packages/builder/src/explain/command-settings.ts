// SPDX-License-Identifier: MIT
import type { ExecOp, Mount } from '@img-build/llb';
import { keptText } from './variable-values.ts';

/** Shells whose `-c` is not what a user calls the command. */
const SHELL_FORM = /^(?:.*\/)?(?:ba|da|a|z)?sh$/;

/** What RUN does and how, as far as its cache key knows. */
export function commandSettings({
  meta,
  mounts,
  network,
  security,
  secretEnv,
  cdiDevices,
}: ExecOp): Readonly<Record<string, string>> {
  const settings: Record<string, string> = { ...commandOf(meta.args), user: meta.user, workdir: meta.cwd };
  if (network !== 'unset') settings['network'] = network;
  if (security !== 'sandbox') settings['security'] = security;
  if (meta.hostname !== '') settings['hostname'] = meta.hostname;
  if (meta.cgroupParent !== '') settings['cgroup parent'] = meta.cgroupParent;
  if (meta.extraHosts.length > 0)
    settings['added hosts'] = meta.extraHosts.map(({ host }) => host).join(', ');
  for (const { name, soft, hard } of meta.ulimit) settings[`ulimit ${name}`] = `${soft}:${hard}`;
  for (const mount of mounts) if (mount.dest !== '/') settings[`mount ${mount.dest}`] = mountText(mount);
  for (const { id, name, optional } of secretEnv)
    settings[`secret ${id}`] = `env ${name}${optional ? '' : ' required'}`;
  for (const { name, optional } of cdiDevices)
    settings[`device ${name}`] = optional ? 'optional' : 'required';
  return settings;
}

function commandOf(args: readonly string[]): Readonly<Record<string, string>> {
  const [shell = '', flag = '', text = ''] = args;
  if (args.length === 3 && flag === '-c' && SHELL_FORM.test(shell))
    return shell === '/bin/sh' ? { command: keptText(text) } : { shell, command: keptText(text) };
  return { command: keptText(JSON.stringify(args)) };
}

function mountText(mount: Mount): string {
  const words: string[] = [mount.mountType];
  if (mount.readonly) words.push('read-only');
  const { tmpfsOpt, secretOpt, sshOpt } = mount;
  if (tmpfsOpt !== undefined && tmpfsOpt.size > 0) words.push(`size ${tmpfsOpt.size}`);
  for (const option of [secretOpt, sshOpt])
    if (option !== undefined)
      words.push(`id ${option.id}`, `${option.uid}:${option.gid}`, `mode ${option.mode.toString(8)}`);
  return words.join(' ');
}
