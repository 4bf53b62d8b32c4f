// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { failure, lower } from '../lower.ts';

const TEXT = 'FROM scratch\nCOPY a /\n';

describe('the main context', () => {
  test('is the folder the caller calls context, or another one', async () => {
    const { json, names } = await lower(TEXT, { context: 'local:other' });

    expect(names[0]).toBe('[internal] load build context');
    expect(json('load build context')).toBe(
      '{"Op":{"source":{"identifier":"local://other","attrs":{"local.followpaths":"[\\"a\\"]","local.sharedkeyhint":"other"}}},"constraints":{}}',
    );
  });

  test('is a checkout; its credentials are not shown', async () => {
    const { json, names } = await lower(TEXT, {
      context: 'https://u:p@h/o/r.git?submodules=false#v1:sub',
      contextIgnore: ['*'],
    });

    expect(names[0]).toBe('[internal] load git source https://h/o/r.git?submodules=false#v1:sub');
    expect(json('load git')).toBe(
      '{"Op":{"source":{"identifier":"git://h/o/r.git#v1:sub","attrs":{"git.authheadersecret":"GIT_AUTH_HEADER","git.authtokensecret":"GIT_AUTH_TOKEN","git.fullurl":"https://u:p@h/o/r.git","git.skipsubmodules":"true"}}},"constraints":{}}',
    );
  });

  test('may be github.com/… without a scheme, and keep .git', async () => {
    const { json } = await lower(TEXT, {
      context: 'github.com/o/r',
      buildArgs: { BUILDKIT_CONTEXT_KEEP_GIT_DIR: '1' },
    });

    expect(json('load git')).toContain('"identifier":"git://github.com/o/r"');
    expect(json('load git')).toContain('"git.keepgitdir":"true"');
  });

  test('asks the agent for what comes over ssh', async () => {
    expect((await lower(TEXT, { context: 'git@h:o/r.git' })).json('load git')).toContain(
      '"git.mountsshsock":"default"',
    );
  });

  test('may be a download', async () => {
    const { json } = await lower(TEXT, { context: 'https://h/Dockerfile' });

    expect(json('load remote')).toBe(
      '{"Op":{"source":{"identifier":"https://h/Dockerfile","attrs":{"http.filename":"context"}}},"constraints":{}}',
    );
    expect(json('COPY')).toContain('"secondaryInput":0');
  });

  test('an archive is unpacked; a folder of it may be the context', async () => {
    const { ops, json } = await lower(TEXT, {
      context: 'http://h/c.tgz',
      contextForm: 'archive',
      contextSubdirectory: 'sub',
    });
    const files = ops.flatMap(({ op }) => (op.type === 'file' ? op.file.actions : []));

    expect(
      files.map((action) => (action.type === 'copy' ? [action.copy.src, action.copy.dest] : [])),
    ).toEqual([
      ['/context', '/'],
      ['/sub', '/'],
      ['/a', '/'],
    ]);
    expect(json('load remote')).toContain('"http.filename":"context"');
  });

  test('of another kind is refused', async () => {
    expect(await failure(TEXT, { context: 'ftp://h/x' })).toMatchObject({
      code: 'CONTEXT_INVALID',
      message: 'unsupported context ftp://h/x',
    });
    expect(await failure(TEXT, { context: 'https://h/r.git?x=1' })).toMatchObject({
      code: 'CONTEXT_INVALID',
    });
  });
});
