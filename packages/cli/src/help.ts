// SPDX-License-Identifier: MIT
import type { Command, Flag } from './command.ts';
import { globalFlags, HELP_FLAG, VERSION_FLAG } from './global-flags.ts';

const TITLE =
  'img -  Standalone, daemon-less, unprivileged Dockerfile and OCI compatible container image builder';

/** The help text of the program. */
export function programHelp(
  commands: readonly Pick<Command, 'name' | 'summary'>[],
  defaultState: string,
): string {
  const listed = [...commands, { name: 'help', summary: 'Help about any command' }].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const width = Math.max(...listed.map(({ name }) => name.length), 11);
  return [
    TITLE,
    '',
    'Usage: img [OPTIONS] COMMAND [ARG...]',
    '',
    'Flags:',
    ...flagLines([...globalFlags(defaultState), helpFlag('img'), VERSION_FLAG]),
    '',
    'Commands:',
    ...listed.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`),
    '',
    'Use "img [command] --help" for more information about a command.',
    '',
  ].join('\n');
}

/** The help text of one command. */
export function commandHelp(command: Command, defaultState: string): string {
  const more = command.flags.filter((flag) => flag.more === true);
  return [
    `${command.name} -  ${command.summary}`,
    '',
    `Usage: img ${command.name} ${command.usage}`.trimEnd(),
    '',
    'Flags:',
    ...flagLines([...command.flags.filter((flag) => flag.more !== true), helpFlag(command.name)]),
    '',
    'Global Flags:',
    ...flagLines(globalFlags(defaultState)),
    ...(more.length === 0 ? [] : ['', 'More Flags:', ...flagLines(more)]),
    '',
  ].join('\n');
}

function helpFlag(of: string): Flag {
  return { ...HELP_FLAG, description: `help for ${of}` };
}

function flagLines(flags: readonly Flag[]): readonly string[] {
  const shown = flags.filter(({ hidden }) => hidden !== true).sort((a, b) => (a.name < b.name ? -1 : 1));
  const heads = shown.map(
    ({ name, short, type, implied, value = type }) =>
      `${short === undefined ? '   ' : `-${short},`} --${name}${type === 'boolean' ? '' : implied === undefined ? ` ${value}` : ` [${value}]`}`,
  );
  const width = Math.max(...heads.map((head) => head.length));
  return shown.map(({ description, default: fallback }, index) => {
    const end = fallback === undefined ? '' : ` (default ${fallback})`;
    return `  ${(heads[index] ?? '').padEnd(width)}   ${description}${end}`;
  });
}
