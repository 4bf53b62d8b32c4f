// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();
const [identity = identities[0]] = identities.toReversed();
if (identity === undefined) throw new Error('nobody to test as');

const FAULTY = `FROM ${busybox} as Base
MAINTAINER me
ARG API_TOKEN
ENV a 1
RUN echo $UNKNOWN
CMD echo one
CMD echo two
`;
const RULES = [
  'FromAsCasing',
  'StageNameCasing',
  'MaintainerDeprecated',
  'SecretsUsedInArgOrEnv',
  'LegacyKeyValueFormat',
  'JSONArgsRecommended',
  'MultipleInstructionsDisallowed',
];

const DESCRIBED = `# VERSION is what is built
ARG VERSION=1
FROM ${busybox} AS tools
ARG MODE
RUN --mount=type=secret,id=token,required --mount=type=ssh echo $MODE
# app is the program
FROM tools AS app
ARG VERSION
RUN --mount=type=cache,target=/cache echo $VERSION
FROM scratch
COPY --from=app / /
`;

describe('questions about a Dockerfile', () => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('--check prints every rule that is broken, with the line, and exits with 1', async () => {
    const context = work.context({ Dockerfile: FAULTY });
    const { code, stdout, stderr } = await work.img(['build', '--check', context]);

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^Check complete, \d+ warnings have been found!\n\nWARNING: FromAsCasing - https:/,
    );
    for (const rule of RULES) expect(stdout).toContain(`WARNING: ${rule} - `);
    expect(stdout).toMatch(/^Dockerfile:2\n-{20}\n(.*\n)* {3}2 \| >>> MAINTAINER me$/m);
    expect(stderr).not.toContain('Building');
    expect(stderr).not.toContain('Error:');
  });

  test('--check of a clean file says so and exits with 0, without building', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN exit 7\n` });
    expect(await work.img(['build', '--check', context])).toMatchObject({
      code: 0,
      stdout: 'Check complete, no warnings found.\n',
    });
  });

  test('--check tells why a file cannot be built at all', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUNN x\n` });
    const { code, stdout } = await work.img(['build', '--check', context]);
    expect(code).toBe(1);
    expect(stdout).toContain('unknown instruction: RUNN (did you mean RUN?)');
    expect(stdout).toMatch(/^ {3}2 \| >>> RUNN x$/m);
  });

  test('--call check has formats for programs', async () => {
    const context = work.context({ Dockerfile: FAULTY });
    const ask = async (format: string): Promise<string> => {
      const { code, stdout } = await work.img(
        ['build', '--call', `check,format=${format}`, '-f', `${context}/Dockerfile`, '.'],
        { cwd: context },
      );
      expect(code).toBe(1);
      return stdout;
    };
    const json = JSON.parse(await ask('json'));
    expect(json.warnings.map(({ ruleName }: { ruleName: string }) => ruleName)).toEqual(
      expect.arrayContaining(RULES),
    );
    expect(Buffer.from(json.sources[0].data, 'base64').toString()).toBe(FAULTY);
    const sarif = JSON.parse(await ask('sarif'));
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0].tool.driver.name).toBe('img');
    expect(sarif.runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toEqual(
      expect.arrayContaining(RULES),
    );
    expect(await ask('github')).toMatch(
      /^::warning file=Dockerfile,line=2,endLine=2,.*title=MaintainerDeprecated::/m,
    );
  });

  test('`# check=error=true` ends a build after its warnings', async () => {
    const context = work.context({ Dockerfile: `# check=error=true\nFROM ${busybox} AS Base\n` });
    const result = await work.img(['build', context]);
    expect(refusalOf(result)).toMatchObject({
      code: 1,
      cause: 'failed to solve: lint violation found for rules: StageNameCasing',
    });
    expect(result.stderr).toMatch(
      / 1 warning found \(use --debug to expand\):\n - StageNameCasing: .* \(line 2\)\n/,
    );
  });

  test('--call outline tells what a target can be told', async () => {
    const context = work.context({ Dockerfile: DESCRIBED });
    const { stdout } = await work.ok([
      'build',
      '--call=outline',
      '--target',
      'app',
      '--build-arg',
      'MODE=fast',
      context,
    ]);
    expect(stdout).toMatch(/^TARGET: +app\nDESCRIPTION: +is the program\n/);
    expect(stdout).toMatch(/^BUILD ARG +VALUE +DESCRIPTION$/m);
    expect(stdout).toMatch(/^VERSION +1 +is what is built$/m);
    expect(stdout).toMatch(/^MODE +fast *$/m);
    expect(stdout).toMatch(/^SECRET +REQUIRED\ntoken +true$/m);
    expect(stdout).toMatch(/^SSH +REQUIRED\ndefault *$/m);

    const json = JSON.parse(
      (await work.ok(['build', '--call=outline,format=json', '--target=app', context])).stdout,
    );
    expect(json).toMatchObject({
      name: 'app',
      description: 'is the program',
      secrets: [{ name: 'token', required: true, location: { ranges: [{ start: { line: 5 } }] } }],
      ssh: [{ name: 'default' }],
      cache: [{ ID: expect.stringContaining('cache') }],
    });
    expect(json.args.map(({ name }: { name: string }) => name).toSorted()).toEqual(['MODE', 'VERSION']);
  });

  test('--call targets lists the stages, and asks no registry', async () => {
    // Nothing listens there.
    const unreachable = '127.0.0.1:1/base:1';
    const context = work.context({ Dockerfile: DESCRIBED.replace(busybox, unreachable) });
    const { stdout } = await work.ok(['build', '--call', 'targets', context]);
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['TARGET', 'DESCRIPTION'],
      ['tools'],
      ['app', 'is the program'],
      ['(default)'],
      [''],
    ]);
    const json = JSON.parse((await work.ok(['build', '--call', 'targets,format=json', context])).stdout);
    expect(json.targets).toMatchObject([
      { name: 'tools', base: unreachable },
      { name: 'app', description: 'is the program', base: 'tools' },
      { default: true, base: 'scratch' },
    ]);
  });

  test('a file that cannot be read has an excerpt, not an outline', async () => {
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY a\n' });
    const result = await work.img(['build', '--call=outline', context]);
    expect(refusalOf(result)).toMatchObject({ code: 1, stack: [] });
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/^ {3}2 \| >>> COPY a$/m);
  });
});
