// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import {
  type Definition,
  decodeDefinition,
  decodeOp,
  encodeDefinition,
  encodeOp,
  type Op,
} from '../../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (value: string): string => Buffer.from(value).toString('hex');

const EXEC: Op = {
  type: 'exec',
  inputs: [{ digest: 'sha256:ab', index: 0 }],
  platform: { architecture: 'amd64', os: 'linux', variant: '', osVersion: '', osFeatures: [] },
  constraints: { filter: [] },
  exec: {
    meta: {
      args: ['a'],
      env: [],
      cwd: '/',
      user: '',
      extraHosts: [],
      hostname: '',
      ulimit: [],
      cgroupParent: '',
      removeMountStubsRecursive: true,
      validExitCodes: [],
    },
    mounts: [
      {
        input: 0,
        selector: '',
        dest: '/',
        output: 0,
        readonly: false,
        mountType: 'bind',
        resultId: '',
        contentCache: 'default',
      },
      {
        input: -1,
        selector: '',
        dest: '/t',
        output: -1,
        readonly: false,
        mountType: 'tmpfs',
        tmpfsOpt: { size: 0 },
        resultId: '',
        contentCache: 'default',
      },
    ],
    network: 'none',
    security: 'sandbox',
    secretEnv: [],
    cdiDevices: [],
  },
};

/** The same op, written by hand after the proto3 encoding document. */
const EXEC_HEX = [
  `0a0b0a09${text('sha256:ab')}`, // inputs[0]: digest; index 0 is left out
  `520e0a05${text('amd64')}1205${text('linux')}`, // platform (field 10) comes before the oneof
  '5a00', // constraints (field 11), empty but present
  `1232`, // exec (field 2), last because it is a member of a oneof
  `0a080a01${text('a')}1a01${text('/')}5801`, // meta: args, cwd, removeMountStubsRecursive
  `12031a01${text('/')}`, // mounts[0]: dest only
  // mounts[1]: input -1, dest, output -1, mountType 4, empty tmpfsOpt
  `121f08ffffffffffffffffff011a02${text('/t')}20ffffffffffffffffff0130049a0100`,
  '1802', // network NONE
].join('');

describe('the protobuf encoding of ops', () => {
  test('writes a whole exec op as Go does: ascending tags, oneof last, no zero scalars, empty messages kept', () => {
    expect(hex(encodeOp(EXEC))).toBe(EXEC_HEX);
  });

  test('reads its own output back', () => {
    expect(decodeOp(encodeOp(EXEC))).toEqual(EXEC);
  });

  test('sorts map keys by bytes and writes both parts of every entry', () => {
    const op: Op = {
      type: 'source',
      inputs: [],
      source: { identifier: 'local://c', attrs: { b: '', é: '2', a: '1' } },
    };
    const body = `0a09${text('local://c')}12060a0161${'12'}01${text('1')}12050a016212${'00'}12070a02c3a91201${text('2')}`;

    expect(hex(encodeOp(op))).toBe(`1a${(body.length / 2).toString(16)}${body}`);
  });

  test('writes a zero inside a oneof: user number 0', () => {
    const op: Op = {
      type: 'file',
      inputs: [],
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: -1,
            output: 0,
            type: 'mkdir',
            mkdir: {
              path: '/a',
              mode: 493,
              makeParents: false,
              owner: { user: { type: 'byID', byID: 0 } },
              timestamp: -1n,
            },
          },
        ],
      },
    };
    const minusOne = 'ffffffffffffffffff01';
    const mkdir = `0a02${text('/a')}10ed0322040a02100028${minusOne}`;
    const action = `08${minusOne}10${minusOne}32${(mkdir.length / 2).toString(16)}${mkdir}`;
    const file = `12${(action.length / 2).toString(16)}${action}`;

    expect(hex(encodeOp(op))).toBe(`22${(file.length / 2).toString(16)}${file}`);
    expect(decodeOp(encodeOp(op))).toEqual(op);
  });

  test('keeps nanoseconds that no JavaScript number can hold', () => {
    const timestamp = 1_700_000_000_123_456_789n;
    const op: Op = {
      type: 'file',
      inputs: [],
      file: {
        actions: [
          {
            input: -1,
            secondaryInput: -1,
            output: 0,
            type: 'mkfile',
            mkfile: { path: '/f', mode: 0, data: new Uint8Array([0, 255]), timestamp },
          },
        ],
      },
    };

    expect(decodeOp(encodeOp(op))).toEqual(op);
  });

  test('a definition with metadata and source map survives the round trip', () => {
    const definition: Definition = {
      def: [encodeOp(EXEC)],
      metadata: {
        'sha256:ab': {
          ignoreCache: true,
          description: { 'llb.customname': 'é' },
          caps: { 'exec.meta.base': true },
          progressGroup: { id: 'g', name: 'n', weak: true },
        },
      },
      source: {
        locations: {
          'sha256:ab': {
            locations: [
              {
                sourceIndex: 0,
                ranges: [{ start: { line: 3, character: 0 }, end: { line: 4, character: 0 } }],
              },
            ],
          },
        },
        infos: [{ filename: 'Dockerfile', data: Buffer.from('FROM x'), language: 'Dockerfile' }],
      },
    };

    const read = decodeDefinition(encodeDefinition(definition));

    expect(read.metadata).toEqual(definition.metadata);
    expect(read.source?.locations).toEqual(definition.source?.locations);
    expect(Buffer.from(read.source?.infos[0]?.data ?? []).toString()).toBe('FROM x');
    expect(encodeDefinition(read)).toEqual(encodeDefinition(definition));
  });
});

describe('reading foreign bytes', () => {
  const code = (hexBytes: string): unknown => {
    try {
      return decodeOp(Buffer.from(hexBytes, 'hex'));
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };

  test.each([
    ['a length beyond the end', '0a7f'],
    ['a number that never ends', `${'ff'.repeat(11)}`],
    ['text that is not UTF-8', '0a040a02c328'],
    ['a group', '0b'],
    ['a string where a message should be', '1001'],
  ])('refuses %s', (_, bytes) => {
    expect(code(bytes)).toBe('LLB_WIRE_INVALID');
  });

  test('skips fields it does not know', () => {
    const known = encodeOp(EXEC);
    const unknown = Buffer.from('fa070378797a' + 'f8070a' + 'fd0700000000', 'hex');

    expect(decodeOp(Buffer.concat([unknown, known]))).toEqual(EXEC);
  });

  test('refuses ops that point to inputs they do not have', () => {
    const broken = { ...EXEC, inputs: [] } as Op;

    expect(() => decodeOp(encodeOp(broken))).toThrow(expect.objectContaining({ code: 'LLB_OP_INVALID' }));
  });

  test('a map key called __proto__ stays a key', () => {
    const op: Op = {
      type: 'source',
      inputs: [],
      source: { identifier: 'x', attrs: JSON.parse('{"__proto__":"evil"}') as Record<string, string> },
    };

    const read = decodeOp(encodeOp(op));

    expect(read.type === 'source' && Object.keys(read.source.attrs)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
  });
});
