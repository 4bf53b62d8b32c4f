// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { parse, type ResolveDiagnostic, type ResolveOptions, resolve } from '../../src/index.ts';

function diagnosticsOf(text: string, options: ResolveOptions = {}): readonly ResolveDiagnostic[] {
  return resolve(parse(text), options).diagnostics;
}

describe('what is wrong with stages', () => {
  test.each<[text: string, code: string, message: string, words: string]>([
    ['FROM $a', 'BASE_BLANK', 'base name ($a) should not be blank', '$a'],
    ['ARG x=${\nFROM a', 'EXPANSION_INVALID', `failed to process "\${": syntax error: missing '}'`, '${'],
    ['FROM a${', 'EXPANSION_INVALID', `failed to process "a\${": syntax error: missing '}'`, 'a${'],
    ['FROM --platform=$x a', 'PLATFORM_BLANK', 'empty platform value from expression $x', '$x'],
    [
      'FROM --platform=$BULDPLATFORM a',
      'PLATFORM_BLANK',
      'empty platform value from expression $BULDPLATFORM (did you mean BUILDPLATFORM?)',
      '$BULDPLATFORM',
    ],
    [
      'FROM --platform=a/b/c/d a',
      'PLATFORM_INVALID',
      'failed to parse platform a/b/c/d: invalid platform "a/b/c/d"',
      'a/b/c/d',
    ],
    [
      'ARG MY_ARCH=x\nFROM --platform=linux/${MYARCH} a',
      'PLATFORM_INVALID',
      'failed to parse platform linux/${MYARCH}: invalid platform "linux/" (did you mean MY_ARCH?)',
      'linux/${MYARCH}',
    ],
    [
      'FROM a\nCOPY --from=$x a b',
      'FROM_NOT_EXPANDED',
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      '$x',
    ],
    ['FROM a\nCOPY --from=9 a b', 'STAGE_INDEX_INVALID', 'invalid stage index 9', '9'],
    ['FROM a\nCOPY --from=-1 a b', 'STAGE_INDEX_INVALID', 'invalid stage index -1', '-1'],
    [
      'FROM a AS x\nCOPY --from=Y a b\nFROM b AS y',
      'STAGE_NOT_DEFINED_YET',
      'cannot copy from stage "Y", it needs to be defined before current stage "x"',
      'Y',
    ],
    [
      'FROM a\nRUN --mount=from=y,target=/x z\nFROM b AS y',
      'STAGE_NOT_DEFINED_YET',
      'cannot mount from stage "y", it needs to be defined before current stage "stage-0"',
      'from=y',
    ],
    ['FROM a AS b\nCOPY --from=b a c', 'STAGE_CIRCULAR', 'circular dependency detected on stage: b', 'b'],
    [
      'FROM a\nRUN --mount=type=$t,target=/x y',
      'MOUNT_INVALID',
      'unsupported mount type ""',
      'type=$t,target=/x',
    ],
    [
      'FROM a\nUSER ${x:?must be given}',
      'EXPANSION_INVALID',
      'failed to process "${x:?must be given}": x: must be given',
      '${x:?must be given}',
    ],
  ])('%j', (text, code, message, words) => {
    const [diagnostic, ...others] = diagnosticsOf(text);

    expect(others).toEqual([]);
    expect(diagnostic).toMatchObject({ code, message });
    const range = diagnostic?.range;
    expect(text.slice(range?.start.offset, range?.end.offset)).toBe(words);
  });

  test('all instructions that close a circle are named', () => {
    const text = 'FROM a AS x\nCOPY --from=z a b\nFROM x AS y\nFROM b AS z\nRUN --mount=from=y,target=/y c';

    expect(diagnosticsOf(text)).toMatchObject([
      { code: 'STAGE_CIRCULAR', stage: 0, contexts: [2, 5, 3].map((line) => ({ start: { line } })) },
    ]);
  });

  test('the target may be misspelt', () => {
    expect(diagnosticsOf('FROM a AS build', { target: 'Bild' })).toEqual([
      {
        code: 'TARGET_UNKNOWN',
        message: 'target stage "Bild" could not be found (did you mean build?)',
        suggestion: 'build',
        stage: null,
        range: null,
        contexts: [],
      },
    ]);
  });

  test('build arguments keep a default from being looked at', () => {
    expect(diagnosticsOf('ARG x=${y:?}\nFROM a', { args: { x: '1' } })).toEqual([]);
  });

  test('a file of mistakes has an end', () => {
    expect(diagnosticsOf(`FROM a\n${'USER ${\n'.repeat(5000)}`)).toHaveLength(1000);
  });

  test('nothing is wrong with a good file', () => {
    expect(
      diagnosticsOf(
        'ARG V=1\nFROM a:$V AS b\nRUN --mount=type=secret,id=x y\nFROM scratch\nCOPY --from=b / /',
      ),
    ).toEqual([]);
  });
});
