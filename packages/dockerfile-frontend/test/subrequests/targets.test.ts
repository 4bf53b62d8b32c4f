// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { formatTargets, targetsOf } from '../../src/index.ts';

const options = { buildPlatform: { os: 'linux', architecture: 'amd64' } };
const text = `# base is where it starts
FROM --platform=$BUILDPLATFORM alpine:$V AS Base
FROM scratch
# not about this stage
FROM base AS last
`;

describe('targets', () => {
  test('have name, description, base, platform and lines', () => {
    const list = targetsOf({ text, name: 'Dockerfile', options });

    expect(JSON.parse(JSON.stringify(list))).toEqual({
      targets: [
        {
          name: 'base',
          description: 'is where it starts',
          base: 'alpine:$V',
          platform: '$BUILDPLATFORM',
          location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
        },
        { base: 'scratch', location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] } },
        {
          name: 'last',
          default: true,
          base: 'base',
          location: { ranges: [{ start: { line: 5 }, end: { line: 5 } }] },
        },
      ],
      sources: [Buffer.from(text).toString('base64')],
    });
  });

  test('are shown as a table', () => {
    expect(formatTargets(targetsOf({ text, name: 'Dockerfile', options }))).toBe(
      'TARGET         DESCRIPTION\nbase           is where it starts\n\nlast (default)\n',
    );
    expect(formatTargets(targetsOf({ text: 'FROM scratch\n', name: 'Dockerfile', options }))).toBe(
      'TARGET    DESCRIPTION\n(default)\n',
    );
  });

  test('a file that cannot be read is an error', () => {
    expect(() => targetsOf({ text: 'FRM x\n', name: 'Dockerfile', options })).toThrow(
      expect.objectContaining({ code: 'DOCKERFILE_INVALID', file: 'Dockerfile' }),
    );
  });
});
