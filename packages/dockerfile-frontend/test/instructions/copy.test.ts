// SPDX-License-Identifier: MIT
import { opToGoJson } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import { failure, lower } from '../lower.ts';

const FLAGS =
  '"followSymlink":true,"dirCopyContents":true,"createDestPath":true,"allowWildcard":true,"allowEmptyWildcard":true,"timestamp":-1';
const UNPACK = FLAGS.replace('"createDestPath"', '"attemptUnpackDockerCompatibility":true,"createDestPath"');

async function actions(instruction: string, options: Parameters<typeof lower>[1] = {}): Promise<string> {
  const { json } = await lower(`FROM busybox AS base\nFROM busybox\nWORKDIR /w\n${instruction}\n`, options);
  return /"actions":(.*)\}\},"constraints"/.exec(json('3/3] '))?.[1] ?? '';
}

describe('COPY and ADD of paths', () => {
  test.each([
    ['a.txt b', '/a.txt', '/w/b'],
    ['./a/ .', '/a', '/w/'],
    ['../../a /x/', '/a', '/x/'],
    ['/a /x/.', '/a', '/x/.'],
    ['. ./', '/', '/w/'],
    ['a ../../b', '/a', '/b'],
    ['["a b", "c d/"]', '/a b', '/w/c d/'],
    ['a[[]*.txt ./sub/', '/a[[]*.txt', '/w/sub/'],
  ])('COPY %s', async (words, src, dest) => {
    expect(await actions(`COPY ${words}`)).toBe(
      `[{"input":0,"secondaryInput":1,"output":0,"Action":{"copy":{"src":${JSON.stringify(src)},"dest":${JSON.stringify(dest)},"mode":-1,${FLAGS}}}}]`,
    );
  });

  test('several sources are a chain of actions of one op', async () => {
    const found = JSON.parse(await actions('COPY a b c/')) as {
      input: number;
      secondaryInput: number;
      output: number;
    }[];

    expect(found.map(({ input, secondaryInput, output }) => [input, secondaryInput, output])).toEqual([
      [0, 1, -1],
      [2, 1, 0],
    ]);
  });

  test('ADD unpacks what comes from the context, unless told otherwise', async () => {
    expect(await actions('ADD a.tar /')).toContain(UNPACK);
    expect(await actions('ADD --unpack=false a.tar /')).toContain(`"mode":-1,${FLAGS}`);
  });

  test('--chown takes names and numbers, --chmod bits and texts', async () => {
    expect(await actions('COPY --chown=app:0 a /')).toContain(
      '"owner":{"user":{"User":{"byName":{"name":"app"}}},"group":{"User":{}}}',
    );
    expect(await actions('COPY --chown=1000 a /')).toContain('"owner":{"user":{"User":{"byId":1000}}}');
    expect(await actions('COPY --chmod=0755 a /')).toContain('"mode":493');
    expect(await actions('COPY --chmod=u=rwX,go=rX a /')).toContain('"modeStr":"u=rwX,go=rX"');
  });

  test('--exclude and --parents', async () => {
    expect(await actions('COPY --exclude=*.md --exclude=!x a /')).toContain(
      '"exclude_patterns":["*.md","!x"]',
    );
    expect(await actions('COPY --parents a/./b/c.txt /x')).toContain('"src":"/a","dest":"/x"');
    expect(await actions('COPY --parents a/./b/c.txt /x')).toContain(
      '"include_patterns":["b/c.txt"],"required_paths":["/a/b/c.txt"]',
    );
    expect(await actions('COPY --parents b/**/*.txt /x')).toContain('"include_patterns":["b/**/*.txt"]}');
  });

  test('of several pivots of --parents the first counts', async () => {
    expect(await actions('COPY --parents a/./b/./c /x')).toContain('"src":"/a","dest":"/x"');
    expect(await actions('COPY --parents a/./b/./c /x')).toContain(
      '"include_patterns":["b/c"],"required_paths":["/a/b/c"]',
    );
  });

  test.each(['COPY a', 'ADD a', 'ADD https://h/a', 'ADD https://h/r.git', 'COPY <<a'])(
    '--exclude counts for %s',
    async (words) => {
      const [name = '', source = ''] = words.split(' ');
      const document = source.startsWith('<<') ? '\nx\na' : '';

      const { ops } = await lower(`FROM busybox\n${name} --exclude=*.md ${source} /x/${document}\n`);

      expect(ops.map(({ op }) => opToGoJson(op)).join()).toContain('"exclude_patterns":["*.md"]');
    },
  );

  test('ADD takes a list for names with blanks, too', async () => {
    expect(await actions('ADD ["a b", "c d/"]')).toContain('"src":"/a b","dest":"/w/c d/"');
  });

  test('--from names a stage by name or index, or an image', async () => {
    const { json, names, ops, asked } = await lower(
      'FROM busybox AS One\nRUN x\nFROM scratch\nCOPY --from=ONE /a /a\nCOPY --from=0 /b /b\nCOPY --from=alpine /c /c\n',
      {},
      { alpine: {} },
    );

    const run = ops.find(({ name }) => name.includes('RUN'))?.digest;
    expect(json('/a /a')).toContain(`"inputs":[{"digest":"${run}"}]`);
    expect(json('/b /b')).toContain(`{"digest":"${run}"}`);
    expect(names).toContain(`FROM docker.io/library/alpine:latest@sha256:${'a'.repeat(64)}`);
    expect(asked).toHaveLength(2);
  });

  test('--link builds the layer apart and merges it', async () => {
    const { names, json } = await lower('FROM busybox\nCOPY --link a /a\n');

    expect(names.slice(-2)).toEqual(['[2/2] COPY --link a /a', '[2/2] LINK COPY --link a /a']);
    expect(json('] COPY')).toContain('{"input":-1,"secondaryInput":0,"output":0');
    expect(json('LINK')).toContain('"Op":{"merge":{"inputs":[{},{"input":1}]}}');
  });

  test('--link with --chmod, or onto nothing, is an ordinary copy', async () => {
    expect((await lower('FROM busybox\nCOPY --link --chmod=1 a /a\n')).names.join()).not.toContain('LINK');
    expect((await lower('FROM scratch\nCOPY --link a /a\n')).names.join()).not.toContain('LINK');
  });

  test('history tells the expanded words', async () => {
    const { history } = await lower(
      'FROM busybox\nENV D=/d U=5\nCOPY --chown=$U:6 --chmod=644 a b$D/ <<EOF $D/\nx\nEOF\n',
    );

    expect(history.at(-1)).toBe('COPY --chown=5:6 --chmod=644 a b/d/ <<EOF /d/ # buildkit');
  });
});

describe('heredocs', () => {
  const document = async (text: string): Promise<string> => {
    const { json } = await lower(`FROM busybox\nENV V=1\n${text}`);
    const data = /"data":"([^"]*)"/.exec(json('inline'))?.[1] ?? '';
    return Buffer.from(data, 'base64').toString();
  };

  test('are expanded, with quotes left alone, unless their name is quoted', async () => {
    expect(await document('COPY <<a.txt /\n"$V" \\$V\na.txt\n')).toBe('"1" $V\n');
    expect(await document('COPY <<"a.txt" /\n"$V" \\$V\na.txt\n')).toBe('"$V" \\$V\n');
    expect(await document('COPY <<-a.txt /\n\t\tx\n\ta.txt\n')).toBe('x\n');
  });

  test('become a file of mode 0644 that is copied', async () => {
    const { json } = await lower('FROM busybox\nCOPY <<a.txt /etc/\nx\na.txt\n');

    expect(json('inline')).toContain('{"mkfile":{"path":"/a.txt","mode":420,"data":"eAo=","timestamp":-1}}');
    expect(json('COPY')).toContain(
      '{"copy":{"src":"/a.txt","dest":"/etc/","mode":-1,"createDestPath":true,"timestamp":-1}}',
    );
  });
});

describe('ADD from the net', () => {
  test('a download is a source with the name from its address', async () => {
    const { json, names } = await lower(
      `FROM scratch\nADD --checksum=sha256:${'0'.repeat(64)} https://example.org/d/f%20x.tgz?q#h /opt/\n`,
    );

    expect(json('ADD')).toContain(
      `"attrs":{"http.checksum":"sha256:${'0'.repeat(64)}","http.filename":"f x.tgz"}`,
    );
    expect(names).toHaveLength(2);
  });

  test('a repository is a checkout', async () => {
    const { json } = await lower(
      'FROM scratch\nADD --keep-git-dir=true https://github.com/o/r.git#v1:sub /src\n',
    );

    expect(json('ADD')).toContain('"identifier":"git://github.com/o/r.git#v1:sub"');
    expect(json('ADD')).toContain('"git.keepgitdir":"true"');
  });

  test('is no file of the context', async () => {
    const { names } = await lower('FROM scratch\nADD https://example.org/ /x\n');

    expect(names.join()).not.toContain('context');
  });
});

describe('refused', () => {
  test.each([
    [
      'COPY --chmod=64a a /',
      "invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777",
    ],
    [
      'COPY --chmod=17777 a /',
      "invalid chmod parameter: '17777'. it should be octal string and between 0 and 07777",
    ],
    ['COPY https://example.org/x /', "source can't be a URL for COPY"],
    ['COPY git://example.org/x /', "source can't be a git ref for COPY"],
    ['ADD --checksum=sha256:00 a /', 'checksum requires HTTP(S) or Git sources'],
    [
      'COPY --from=$X a /',
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
    ],
    ['COPY --from=9 a /', 'invalid stage index 9'],
    [
      'COPY --from=later a /',
      'cannot copy from stage "later", it needs to be defined before current stage "first"',
    ],
    [
      'RUN --mount=from=later,target=/x y',
      'cannot mount from stage "later", it needs to be defined before current stage "first"',
    ],
    ['RUN --mount=type=cache,target=/ y', 'invalid mount target "/"'],
  ])('%s', async (instruction, message) => {
    const error = await failure(`FROM busybox AS first\n${instruction}\nFROM busybox AS later\n`, {
      target: 'first',
    });

    expect(error.message).toBe(message);
    expect(error).toMatchObject({
      name: 'FrontendError',
      file: 'Dockerfile',
      ranges: [{ startLine: 2, endLine: 2 }],
    });
  });
});
