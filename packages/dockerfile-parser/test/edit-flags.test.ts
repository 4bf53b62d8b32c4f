// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import type { Instruction } from '../src/index.ts';
import { edited, nth } from './edited.ts';

describe('flags', () => {
  test.each<[string, string, string | true | null, string]>([
    ['RUN a', 'network', 'none', 'RUN --network=none a'],
    ['RUN --network=none a', 'network', 'host', 'RUN --network=host a'],
    ['RUN --network="none" a', 'network', 'host', 'RUN --network=host a'],
    ['RUN --net"work=none" a', 'network', 'host', 'RUN --network=host a'],
    ['RUN --network=none a', 'network', null, 'RUN a'],
    ['RUN --mount=x  --network=none  a', 'network', null, 'RUN --mount=x  a'],
    ['RUN \\\n  --network=none \\\n  a', 'network', null, 'RUN \\\n  a'],
    ['RUN \\\n  --network=none a', 'network', null, 'RUN \\\n  a'],
    ['RUN --x \\\n  --network=none \\\n  # c\n  a', 'x', null, 'RUN \\\n  --network=none \\\n  # c\n  a'],
    ['COPY a b', 'link', true, 'COPY --link a b'],
    ['COPY --link=false a b', 'link', true, 'COPY --link a b'],
    ['COPY --link a b', 'link', 'false', 'COPY --link=false a b'],
    ['COPY a b', 'from', 'x y', 'COPY --from="x y" a b'],
    ['COPY a b', 'exclude', 'it\'s "\\', 'COPY --exclude="it\\\'s \\"\\\\" a b'],
    ['RUN a', 'network', null, 'RUN a'],
    ['FROM a', 'platform', 'linux/arm64', 'FROM --platform=linux/arm64 a'],
  ])('%j with %s = %j', (text, name, value, result) => {
    expect(
      edited(text, (editor, [instruction]) => editor.setFlag(instruction as Instruction, name, value)),
    ).toBe(result);
  });

  test('are added behind others of the same name', () => {
    expect(
      edited('RUN --mount=a b', (editor, all) =>
        editor.addFlag(nth(all, 'run'), 'mount', 'c').addFlag(nth(all, 'run'), 'mount', 'd'),
      ),
    ).toBe('RUN --mount=a --mount=c --mount=d b');
  });

  test('a given one is removed', () => {
    expect(
      edited('RUN --mount=a --mount=b c', (editor, all) => {
        const { flags } = nth(all, 'run');
        editor.removeFlag(nth(all, 'run'), flags[0] as (typeof flags)[0]);
      }),
    ).toBe('RUN --mount=b c');
  });

  test('of a trigger change as well', () => {
    expect(
      edited('ONBUILD COPY --from=a b c', (editor, all) =>
        editor.setFlag(nth(all, 'onbuild').trigger, 'from', 'd'),
      ),
    ).toBe('ONBUILD COPY --from=d b c');
  });

  test.each<[string, string | true]>([
    ['x y', 'z'],
    ['', true],
    ['network', 'a\nb'],
  ])('--%s=%j cannot be written', (name, value) => {
    expect(() => edited('RUN a', (editor, all) => editor.setFlag(nth(all, 'run'), name, value))).toThrow(
      expect.objectContaining({ code: 'EDIT_TEXT_INVALID' }),
    );
  });
});

describe('mount options', () => {
  test.each<[string, string, string | true | null, string]>([
    ['type=bind,from=a', 'from', 'b', 'type=bind,from=b'],
    ['type=bind,from=a', 'from', null, 'type=bind'],
    ['from=a,type=bind', 'from', null, 'type=bind'],
    ['type=bind', 'ro', true, 'type=bind,ro'],
    ['type=bind,ro', 'ro', 'false', 'type=bind,ro=false'],
    ['type=bind', 'source', 'a,b c', 'type=bind,"\\"source=a,b c\\""'],
    ['"type=bind,from=a"', 'from', 'b', '"type=bind,from=b"'],
    ['type=bind,\\"from=a\\"', 'from', 'b', 'type=bind,from=b'],
    ['type=bind', 'from', null, 'type=bind'],
  ])('%s with %s = %j', (mount, key, value, result) => {
    const text = `RUN --network=none --mount=${mount} a`;

    expect(
      edited(text, (editor, all) => {
        const { mounts } = nth(all, 'run');
        editor.setMountOption(mounts[0] as (typeof mounts)[0], key, value);
      }),
    ).toBe(text.replace(mount, () => result));
  });
});

describe('directives', () => {
  test.each<[string, 'syntax' | 'check', string | null, string]>([
    ['FROM a', 'syntax', 'x', '# syntax=x\nFROM a'],
    ['\ufeffFROM a', 'syntax', 'x', '\ufeff# syntax=x\nFROM a'],
    ['#syntax = y \r\nFROM a', 'syntax', 'x', '#syntax = x \r\nFROM a'],
    ['# escape=`\nFROM a', 'check', 'skip=all', '# escape=`\n# check=skip=all\nFROM a'],
    ['# escape=`', 'check', 'skip=all', '# escape=`\n# check=skip=all'],
    ['# check=skip=A\n# check=skip=B\nFROM a', 'check', null, 'FROM a'],
    ['FROM a', 'check', null, 'FROM a'],
  ])('%j with %s = %j', (text, name, value, result) => {
    expect(edited(text, (editor) => editor.setDirective(name, value))).toBe(result);
  });

  test('cannot hold several lines', () => {
    expect(() => edited('FROM a', (editor) => editor.setDirective('syntax', 'a\nb'))).toThrow(
      expect.objectContaining({ code: 'EDIT_TEXT_INVALID' }),
    );
  });
});
