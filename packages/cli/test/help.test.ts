// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../src/commands/index.ts';
import { run } from './support/fake-process.ts';
import { COMMAND_HELP, PROGRAM_HELP } from './support/known-help.ts';

const HOME = { XDG_DATA_HOME: '/home/user/.local/share' };

describe('help of the program', () => {
  test.each([[[]], [['-h']], [['--help']], [['help']], [['help', 'help']], [['-d']]])(
    '%j prints it',
    async (argv) => {
      const { code, stdout, stderr } = await run(argv, { env: HOME });
      // The commands that the known help lacks.
      const own = /^ {2}(?:cache|copy|doctor|explain|inspect|registry) .*\n/gm;
      expect(stdout.match(own)).toHaveLength(6);
      expect({ code, stderr, stdout: stdout.replaceAll(own, '') }).toEqual({
        code: 0,
        stderr: '',
        stdout: PROGRAM_HELP,
      });
    },
  );
});

describe('help of a command', () => {
  const known = Object.keys(COMMAND_HELP);

  test.each(known)(
    'img %s -h prints the known text, and flags it lacks in a block behind it',
    async (name) => {
      const { code, stdout, stderr } = await run([name, '-h'], { env: HOME });
      const [text = '', more = ''] = stdout.split('\nMore Flags:\n');
      expect({ code, text, stderr }).toEqual({ code: 0, text: COMMAND_HELP[name], stderr: '' });
      expect(more).toMatch(/^( {2}(-\w,| {3}) --[a-z-]+ .*\n)*$/);
    },
  );

  test.each(known)('img help %s and --help after arguments print the same', async (name) => {
    const { stdout } = await run([name, '-h'], { env: HOME });
    expect((await run(['help', name], { env: HOME })).stdout).toBe(stdout);
    expect((await run(['-d', name, 'x', 'y', '--help'], { env: HOME })).stdout).toBe(stdout);
  });

  test('every flag that is not hidden is in the help of its command, once', async () => {
    for (const entry of COMMANDS) {
      const { stdout } = await run([entry.name, '-h'], { env: HOME });
      const listed = [...stdout.matchAll(/^ {2}.{3} --([a-z-]+) /gm)].map(([, name = '']) => name);
      const { flags } = await entry.load();
      const shown = flags.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
      expect(listed.toSorted()).toEqual([...shown, 'backend', 'debug', 'help', 'state'].toSorted());
    }
  });

  test.each(['inspect', 'version'])('img %s -h follows the same pattern', async (name) => {
    const { stdout } = await run([name, '-h'], { env: HOME });
    expect(stdout).toMatch(
      new RegExp(
        `^${name} -  .+\\.\n\nUsage: img ${name}( \\S.*)?\n\nFlags:\n  -h, --help   help for ${name}\n\nGlobal Flags:\n`,
      ),
    );
  });

  test('the list of commands has the summary and name of each', async () => {
    for (const entry of COMMANDS) {
      const command = await entry.load();
      expect([command.name, command.summary]).toEqual([entry.name, entry.summary]);
    }
  });
});

describe('words that are no command', () => {
  test('are named, with the nearest one', async () => {
    const { code, stderr } = await run(['bild', '.']);
    expect(code).toBe(1);
    expect(stderr).toBe("Error: img: 'bild' is not an img command (did you mean build?)\nsee 'img --help'\n");
  });

  test('are refused by help as well', async () => {
    expect(await run(['help', 'zzzzzz'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'zzzzzz'"),
    });
  });

  test('values of global flags are not taken for commands', async () => {
    expect((await run(['-s', 'ls', '-b', 'native', '--state', 'du'], { env: HOME })).stdout).toContain(
      'Commands:',
    );
  });
});

test('the version is one line', async () => {
  for (const flag of ['-v', '--version'])
    expect(await run([flag])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^img version \d+\.\d+\.\d+\n$/),
      stderr: '',
    });
});
