// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { findingsOf } from './check-rule.ts';
import { describeRule } from './describe-rule.ts';

describeRule('StageNameCasing', {
  bad: [
    ['FROM a AS «Build»', "Stage name 'Build' should be lowercase"],
    ['FROM a AS b\nFROM b AS «B2»\nFROM c', "Stage name 'B2' should be lowercase"],
  ],
  good: ['FROM a AS build', 'FROM A', 'FROM a AS b-2.c_d'],
});

describeRule('FromAsCasing', {
  bad: [
    ['FROM a «as» b', "'as' and 'FROM' keywords' casing do not match"],
    ['from a «AS» b', "'AS' and 'from' keywords' casing do not match"],
    ['FROM a «As» b', "'As' and 'FROM' keywords' casing do not match"],
  ],
  good: ['FROM a AS b', 'from a as b', 'From a as b', 'FROM a'],
});

describeRule('ConsistentInstructionCasing', {
  bad: [
    [
      'FROM a\n«copy» a b\nCOPY a b',
      "Command 'copy' should match the case of the command majority (uppercase)",
    ],
    [
      'from a\n«COPY» a b\ncopy a b',
      "Command 'COPY' should match the case of the command majority (lowercase)",
    ],
    [
      '«From» a\n«cmd» ["a"]\nRUN b',
      "Command 'From' should match the case of the command majority (uppercase)",
      "Command 'cmd' should match the case of the command majority (uppercase)",
    ],
    ['«frOM» a', "Command 'frOM' should match the case of the command majority (uppercase)"],
    ['FROM a\n«run» b', "Command 'run' should match the case of the command majority (uppercase)"],
    ['«FROM» a\nfrom b\nrun c', "Command 'FROM' should match the case of the command majority (lowercase)"],
  ],
  good: ['FROM a\nCOPY a b', 'from a\ncopy a b', 'arg A\nFROM a', '# run\nFROM a', ''],
});

describeRule('DuplicateStageName', {
  bad: [
    ['FROM a AS b\nFROM c AS «b»', 'Duplicate stage name "b", stage names should be unique'],
    [
      'FROM a AS b\nFROM c AS «B»\nFROM d AS «b»',
      'Duplicate stage name "b", stage names should be unique',
      'Duplicate stage name "b", stage names should be unique',
    ],
  ],
  good: ['FROM a AS b\nFROM b AS c', 'FROM a\nFROM a'],
});

describeRule('ReservedStageName', {
  bad: [
    ['FROM a AS «scratch»', 'Stage name should not use the same name as reserved stage "scratch"'],
    ['FROM a AS «Context»', 'Stage name should not use the same name as reserved stage "context"'],
  ],
  good: ['FROM scratch AS base', 'FROM a AS contexts'],
});

describeRule('UndefinedArgInFrom', {
  bad: [
    ['ARG VERSION=1\nFROM a:«$VERSIO»', "FROM argument 'VERSIO' is not declared (did you mean VERSION?)"],
    ['FROM «${IMAGE:-a}» AS b', "FROM argument 'IMAGE' is not declared"],
    [
      'FROM --platform=«$BULIDPLATFORM» a',
      "FROM argument 'BULIDPLATFORM' is not declared (did you mean BUILDPLATFORM?)",
    ],
    ['FROM a\nARG B=b\nFROM «$B»', "FROM argument 'B' is not declared"],
    ['FROM --platform=«"$X"» «$Y»', "FROM argument 'X' is not declared", "FROM argument 'Y' is not declared"],
  ],
  good: [
    'ARG V\nFROM a:$V',
    'ARG V=1\nFROM a:${V}',
    'FROM --platform=$BUILDPLATFORM a',
    'FROM a\nENV B=$NONE',
  ],
});

describeRule('InvalidDefaultArgInFrom', {
  bad: [
    [
      'ARG TAG\nFROM «busybox:$TAG»',
      'Default value for ARG busybox:$TAG results in empty or invalid base image name',
    ],
    ['ARG BASE\nFROM «$BASE»', 'Default value for ARG $BASE results in empty or invalid base image name'],
    [
      'ARG BASE=A/B/C\nFROM «${BASE}-x»',
      'Default value for ARG ${BASE}-x results in empty or invalid base image name',
    ],
    ['FROM «Alpine»', 'Default value for ARG Alpine results in empty or invalid base image name'],
  ],
  good: [
    'ARG TAG=1\nFROM busybox:$TAG',
    'FROM localhost:5000/a/b:c@sha256:0123456789012345678901234567890123456789012345678901234567890123',
    'FROM Host/a',
    'FROM a__b.c-d',
    'FROM scratch',
    'ARG A=${B:?}\nFROM $A',
  ],
});

test('InvalidDefaultArgInFrom does not care what build arguments are given', () => {
  expect(findingsOf('InvalidDefaultArgInFrom', 'ARG A\nFROM $A', { args: { A: 'b' } })).toHaveLength(1);
  expect(
    findingsOf('InvalidDefaultArgInFrom', 'FROM a:$TARGETARCH', { args: { TARGETARCH: '' } }),
  ).toHaveLength(1);
});

describeRule('RedundantTargetPlatform', {
  bad: [
    [
      'FROM --platform=«$TARGETPLATFORM» a',
      'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    ],
    [
      'FROM --platform=«${TARGETPLATFORM}» a',
      'Setting platform to predefined ${TARGETPLATFORM} in FROM is redundant as this is the default behavior',
    ],
  ],
  good: [
    'FROM a',
    'FROM --platform=$BUILDPLATFORM a',
    'FROM --platform=$TARGETOS/$TARGETARCH a',
    'FROM --platform=${TARGETPLATFORM}/x a',
    'FROM --platform=$TARGETPLATFORM$NONE a',
    'FROM --platform=linux/amd64 a',
  ],
});

describeRule('FromPlatformFlagConstDisallowed', {
  bad: [
    ['FROM --platform=«linux/amd64» a', 'FROM --platform flag should not use constant value "linux/amd64"'],
    [
      'FROM --platform=«linux/arm64» a AS build',
      'FROM --platform flag should not use constant value "linux/arm64"',
    ],
    ['FROM --platform=«"linux/386"» a', 'FROM --platform flag should not use constant value "linux/386"'],
    ['FROM --platform=«arm64» a', 'FROM --platform flag should not use constant value "arm64"'],
  ],
  good: [
    'FROM --platform=$BUILDPLATFORM a',
    'FROM --platform=linux/${TARGETARCH} a',
    'FROM --platform=linux/amd64 a AS build_amd64',
    'FROM --platform=linux/aarch64 a AS build-arm64',
    'FROM --platform=windows/amd64 a AS for-windows',
    'FROM --platform=a/b/c/d a',
    'FROM a',
  ],
});
