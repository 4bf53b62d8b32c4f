// SPDX-License-Identifier: MIT
import type { Workspace } from '../../support/workspace.ts';
import type { Random } from './random.ts';

/** A command that is going to be killed. */
export interface Victim {
  readonly kind: 'build' | 'prune' | 'pull';
  readonly args: readonly string[];
}

/** Commands on one state, and how to make new ones. */
export interface Victims {
  /** Some command, different from those before it where that makes it work more. */
  any(random: Random): Victim;
  /** A build whose last step has never run and looks at what the steps before it left. */
  build(random: Random): Victim;
}

/** Bytes that a step writes and a later one sums up again. */
const NUMBERS = 20_000;
const SUM = (NUMBERS * (NUMBERS + 1)) / 2;

/** Five Dockerfiles; the last step of each fails when anything before it is not as it was left. */
function dockerfiles(base: string, layered: string): readonly [string, ...string[]] {
  const check = (...tests: readonly string[]): string =>
    `ARG ROUND\nRUN ${['test -n "$ROUND"', ...tests].join(' && ')} && echo "$ROUND" >/round\n`;
  const sum = (file: string): string => `test "$(awk '{ s += $1 } END { print s }' ${file})" = ${SUM}`;
  return [
    `FROM ${base}\nRUN seq 1 ${NUMBERS} >/numbers\nCOPY f /f\nRUN cat /f /f >/twice\n${check(sum('/numbers'), 'test "$(wc -c </twice)" = 8000')}`,
    `FROM ${base} AS one\nRUN seq 1 ${NUMBERS} >/one\nFROM ${base} AS two\nRUN seq 1 ${NUMBERS} >/two\nFROM ${base}\nCOPY --from=one /one /a\nCOPY --from=two /two /b\n${check(sum('/a'), sum('/b'))}`,
    `FROM ${layered}\nRUN rm /layer-1 && echo new >/layer-2\n${check('test ! -e /layer-1', 'test "$(cat /layer-2)" = new', sum('/layer-3'))}`,
    `FROM ${base}\nRUN --mount=type=cache,target=/cache seq 1 ${NUMBERS} >/cache/part && mv /cache/part /cache/numbers && cp /cache/numbers /numbers\n${check(sum('/numbers'))}`,
    `FROM ${base} AS tree\nRUN for i in $(seq 1 300); do mkdir -p /tree/$i && echo $i >/tree/$i/file; done\nFROM scratch\nCOPY --from=tree /tree /tree\nCOPY --from=tree /bin /bin\nENV PATH=/bin\nRUN cat /tree/*/file >/all\n${check('test "$(wc -l </all)" = 300', 'test "$(ls /tree | wc -l)" = 300')}`,
  ];
}

/** Victims for a workspace. @param images - a base, and an image of several layers, both in a registry. */
export function createVictims(
  work: Workspace,
  images: { readonly base: string; readonly layered: string },
  name: string,
): Victims {
  const texts = dockerfiles(images.base, images.layered);
  const contexts = texts.map((Dockerfile) =>
    work.context({ Dockerfile, f: 'x'.repeat(4000) }),
  ) as unknown as readonly [string, ...string[]];
  let round = 0;

  function build(random: Random, flags: readonly string[] = []): Victim {
    const context = random.pick(contexts);
    const tag = `${name}:${contexts.indexOf(context)}`;
    return {
      kind: 'build',
      args: ['build', '--no-console', ...flags, '--build-arg', `ROUND=${++round}`, '-t', tag, context],
    };
  }

  return {
    build: (random) => build(random),
    any(random) {
      const dice = random.below(10);
      if (dice < 5) return build(random, random.below(2) === 0 ? ['--no-cache'] : []);
      if (dice < 8) return { kind: 'prune', args: dice < 7 ? ['prune'] : ['prune', '--all'] };
      return { kind: 'pull', args: ['pull', images.layered] };
    },
  };
}
