// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { findingsOf, placesOf, unmark } from './check-rule.ts';
import { describeRule } from './describe-rule.ts';

describeRule('NoEmptyContinuation', {
  bad: [
    ['FROM a\nRUN b \\\n«»\n  c', 'Empty continuation line'],
    ['FROM a\nRUN b \\\n«  »\n  c\nRUN d \\\n«»\n e', 'Empty continuation line', 'Empty continuation line'],
  ],
  good: ['FROM a\nRUN b \\\n  c', 'FROM a\nRUN b \\\n# comment\n  c', 'FROM a\n\n\nRUN b'],
});

describeRule('MaintainerDeprecated', {
  bad: [
    ['FROM a\n«MAINTAINER me@example.org»', 'Maintainer instruction is deprecated in favor of using label'],
  ],
  good: ['FROM a\nLABEL org.opencontainers.image.authors="me@example.org"'],
});

const RECOMMENDED = 'to prevent unintended behavior related to OS signals';

describeRule('JSONArgsRecommended', {
  bad: [
    ['FROM a\nCMD «echo hi»', `JSON arguments recommended for CMD ${RECOMMENDED}`],
    ['FROM a\nENTRYPOINT «my server»', `JSON arguments recommended for ENTRYPOINT ${RECOMMENDED}`],
    ['FROM a\ncmd «[not json]»', `JSON arguments recommended for cmd ${RECOMMENDED}`],
    ['FROM a\nCMD «x»\nSHELL ["sh"]', `JSON arguments recommended for CMD ${RECOMMENDED}`],
    ['FROM a AS b\nSHELL ["sh"]\nFROM a\nCMD «x»', `JSON arguments recommended for CMD ${RECOMMENDED}`],
    ['FROM a AS b\nONBUILD CMD x\n«FROM b»', `JSON arguments recommended for CMD ${RECOMMENDED}`],
  ],
  good: [
    'FROM a\nCMD ["echo", "hi"]',
    'FROM a\nCMD []',
    'FROM a\nRUN echo',
    'FROM a\nHEALTHCHECK CMD echo',
    'FROM a\nSHELL ["sh"]\nCMD x',
    'FROM a AS b\nSHELL ["sh"]\nFROM b\nCMD x',
  ],
});

test('JSONArgsRecommended trusts a SHELL of the base image', () => {
  const text = 'FROM a\nCMD x\nFROM b\nCMD y';
  const baseImage = ({ name }: { readonly name: string }): { shell: string[] } | null =>
    name === 'a' ? { shell: ['/bin/tini', '--'] } : null;

  expect(findingsOf('JSONArgsRecommended', text, { baseImage }).map(({ range }) => range.start.line)).toEqual(
    [4],
  );
});

describeRule('WorkdirRelativePath', {
  bad: [
    ['FROM a\nWORKDIR «app»', 'Relative workdir "app" can have unexpected results if the base image changes'],
    [
      'FROM a\nWORKDIR «./x»\nWORKDIR y',
      'Relative workdir "./x" can have unexpected results if the base image changes',
    ],
    [
      'FROM scratch\nENV D=d\nWORKDIR «${D}/e»',
      'Relative workdir "d/e" can have unexpected results if the base image changes',
    ],
    [
      'FROM a AS b\nWORKDIR /b\nFROM a\nWORKDIR «c»',
      'Relative workdir "c" can have unexpected results if the base image changes',
    ],
  ],
  good: [
    'FROM a\nWORKDIR /app',
    'FROM a\nWORKDIR /app\nWORKDIR sub',
    'FROM a AS b\nWORKDIR /b\nFROM b\nWORKDIR c',
    'FROM a\nENV D=/d\nWORKDIR $D',
    'FROM a\nWORKDIR $HOME_OF_THE_IMAGE',
  ],
});

test('WorkdirRelativePath knows the roots of Windows', () => {
  const text =
    '# escape=`\nFROM a\nWORKDIR C:/app\nFROM b\nWORKDIR \\app\nFROM --platform=linux/amd64 c\nWORKDIR C:/x';

  const found = findingsOf('WorkdirRelativePath', text, { platform: 'windows/amd64' });
  expect(found.map(({ range }) => range.start.line)).toEqual([7]);
});

describeRule('MultipleInstructionsDisallowed', {
  bad: [
    [
      'FROM a\n«CMD ["a"]»\nCMD ["b"]',
      'Multiple CMD instructions should not be used in the same stage because only the last one will be used',
    ],
    [
      'FROM a\n«ENTRYPOINT ["a"]»\n«ENTRYPOINT ["b"]»\nRUN x\nentrypoint ["c"]',
      'Multiple ENTRYPOINT instructions should not be used in the same stage because only the last one will be used',
      'Multiple entrypoint instructions should not be used in the same stage because only the last one will be used',
    ],
    [
      'FROM a\n«HEALTHCHECK NONE»\nHEALTHCHECK CMD x',
      'Multiple HEALTHCHECK instructions should not be used in the same stage because only the last one will be used',
    ],
    [
      'FROM a AS b\nONBUILD CMD ["x"]\n«FROM b»\nCMD ["y"]',
      'Multiple CMD instructions should not be used in the same stage because only the last one will be used',
    ],
  ],
  good: [
    'FROM a\nCMD ["a"]\nFROM a\nCMD ["b"]',
    'FROM a AS b\nCMD ["a"]\nFROM b\nCMD ["b"]',
    'FROM a\nCMD ["a"]\nENTRYPOINT ["b"]',
    'FROM a\nENV a=1\nENV b=2',
  ],
});

describeRule('LegacyKeyValueFormat', {
  bad: [
    [
      'FROM a\nENV «key some value»',
      '"ENV key=value" should be used instead of legacy "ENV key value" format',
    ],
    ['FROM a\nlabel «k v»', '"label key=value" should be used instead of legacy "label key value" format'],
  ],
  good: ['FROM a\nENV a=b c="d e"', 'FROM a\nLABEL a=b', 'FROM a\nARG a'],
});

describeRule('SecretsUsedInArgOrEnv', {
  bad: [
    [
      'FROM a\nARG «GITHUB_TOKEN»',
      'Do not use ARG or ENV instructions for sensitive data (ARG "GITHUB_TOKEN")',
    ],
    [
      'FROM a\nENV «api_Key»=x B=c «AUTH»=y',
      'Do not use ARG or ENV instructions for sensitive data (ENV "api_Key")',
      'Do not use ARG or ENV instructions for sensitive data (ENV "AUTH")',
    ],
    ['FROM a\nENV «PASSWD» x', 'Do not use ARG or ENV instructions for sensitive data (ENV "PASSWD")'],
    [
      'FROM a\nARG x «my_credentials_x»=1',
      'Do not use ARG or ENV instructions for sensitive data (ARG "my_credentials_x")',
    ],
    [
      'FROM scratch\nARG N=SECRET\nENV «$N»=1',
      'Do not use ARG or ENV instructions for sensitive data (ENV "SECRET")',
    ],
  ],
  good: [
    'ARG TOKEN\nFROM a',
    'FROM a\nARG PUBLIC_KEY',
    'FROM a\nARG KEY_FILE\nENV TOKEN_VERSION=1',
    'FROM a\nENV MONKEY=1 AUTHOR=me TOKENS=2 keyring=3',
    'FROM a\nLABEL secret=x',
    'FROM a\nENV x=token',
  ],
});

describeRule('ExposeProtoCasing', {
  bad: [
    ['FROM a\nEXPOSE «80/TcP»', "Defined protocol '80/TcP' in EXPOSE instruction should be lowercase"],
    [
      'FROM a\nEXPOSE 1/tcp «2/UDP» 3 «4-5/SCTP»',
      "Defined protocol '2/UDP' in EXPOSE instruction should be lowercase",
      "Defined protocol '4-5/SCTP' in EXPOSE instruction should be lowercase",
    ],
    [
      'FROM scratch\nENV P="1 2/TCP"\nEXPOSE «$P»',
      "Defined protocol '2/TCP' in EXPOSE instruction should be lowercase",
    ],
  ],
  good: ['FROM a\nEXPOSE 80/tcp', 'FROM a\nEXPOSE 80'],
});

const MAPPED = 'EXPOSE instruction should not define an IP address or host-port mapping';

describeRule('ExposeInvalidFormat', {
  bad: [
    ['FROM a\nEXPOSE «127.0.0.1:80:80»', `${MAPPED}, found '127.0.0.1:80:80'`],
    ['FROM a\nEXPOSE 1 «80:90/tcp»', `${MAPPED}, found '80:90/tcp'`],
    ['FROM a\nEXPOSE «[::1]:8080:8081»', `${MAPPED}, found '[::1]:8080:8081'`],
  ],
  good: ['FROM a\nEXPOSE 80 90-95/udp', 'FROM a\nEXPOSE $PORT'],
});

describeRule('InvalidDefinitionDescription', {
  bad: [
    ['«# what it is»\nARG A\nFROM a', 'Comment for ARG should follow the format: `# A <description>`'],
    ['«# compiles»\nFROM a AS build', 'Comment for FROM should follow the format: `# build <description>`'],
    ['FROM a\n# B good\n«# bad»\nARG B', 'Comment for ARG should follow the format: `# B <description>`'],
    [
      '«# which»\nARG A=1 B=2\nFROM a',
      'Comment for ARG should follow the format: `# <arg_key> <description>`',
    ],
    [
      '«# other»\n# check=skip=StageNameCasing\nFROM a AS B',
      'Comment for FROM should follow the format: `# b <description>`',
    ],
  ],
  good: [
    '# A what it is\nARG A\nFROM a',
    '# build compiles\nFROM a AS build',
    '# not a description\n\nARG A\nFROM a',
    '# not a description\n#\nARG A\nFROM a',
    '# the base\nFROM a',
    '# a step\nFROM a\n# anything\nRUN b',
    '# B one of them\nARG A=1 B=2\nFROM a',
  ],
});

test('InvalidDefinitionDescription is off unless it is asked for', () => {
  const { text } = unmark('«# what»\nARG A\nFROM a');

  expect(findingsOf('InvalidDefinitionDescription', text, { experimental: [] })).toEqual([]);
  expect(placesOf(findingsOf('InvalidDefinitionDescription', text, { experimental: 'all' }))).toHaveLength(1);
});
