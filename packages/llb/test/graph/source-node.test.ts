// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import {
  git,
  marshal,
  type Op,
  type OpMetadata,
  ociLayout,
  parseDefinition,
  type State,
  scratch,
} from '../../src/index.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function only(state: State): { readonly op: Op; readonly metadata: OpMetadata } {
  const { ops } = parseDefinition(marshal(state, { platform: { os: 'linux', architecture: 'amd64' } }));
  const last = [...ops.values()].at(-1);
  if (last === undefined) throw new Error('nothing was marshalled');
  return last;
}

describe('sources', () => {
  test('an image of a layout tells the store, and its platform counts', () => {
    const { op, metadata } = only(ociLayout(`docker.io/library/base@${DIGEST}`, { store: 'folder' }));

    expect(op).toMatchObject({
      source: {
        identifier: `oci-layout://docker.io/library/base@${DIGEST}`,
        attrs: { 'oci.store': 'folder' },
      },
      platform: { os: 'linux', architecture: 'amd64' },
    });
    expect(metadata.caps).toHaveProperty(['source.ocilayout'], true);
  });

  test('a checkout tells what is wanted of it, and what that takes', () => {
    const options = { skipSubmodules: true, checksum: 'abc', commitTime: true, fetchByCommit: true };
    const { op, metadata } = only(git('ssh://git@h:22/o/r.git', { ref: 'v1', ...options }));

    expect(op).toMatchObject({
      source: {
        identifier: 'git://h:22/o/r.git#v1',
        attrs: {
          'git.checksum': 'abc',
          'git.fetchbycommit': 'true',
          'git.fullurl': 'ssh://git@h:22/o/r.git',
          'git.mountsshsock': 'default',
          'git.mtime': 'commit',
          'git.skipsubmodules': 'true',
        },
      },
    });
    expect(Object.keys(metadata.caps)).toEqual(
      expect.arrayContaining(['source.git.checksum', 'source.git.mtime', 'source.git.skipsubmodules']),
    );
  });

  test('a checkout over https needs no agent', () => {
    const { op } = only(git('https://h/r.git'));

    expect(op.type === 'source' ? Object.keys(op.source.attrs) : []).not.toContain('git.mountsshsock');
  });
});

describe('a command', () => {
  test('may ask for devices', () => {
    const { op, metadata } = only(
      scratch().run({ args: ['x'], devices: [{ name: 'a' }, { name: 'b', optional: true }] }).root,
    );

    expect(op).toMatchObject({
      exec: {
        cdiDevices: [
          { name: 'a', optional: false },
          { name: 'b', optional: true },
        ],
      },
    });
    expect(metadata.caps).toHaveProperty(['exec.meta.cdi'], true);
  });
});
