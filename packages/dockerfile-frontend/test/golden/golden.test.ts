// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Images, lower } from '../lower.ts';
import { goldenText, readGolden } from './golden-text.ts';

const FOLDER = join(import.meta.dirname, 'files');

/** Base images that golden files may start from. */
const IMAGES: Images = {
  parent: {
    Env: ['PATH=/bin', 'A=1'],
    User: 'app:staff',
    WorkingDir: '/srv',
    Labels: { from: 'base' },
    OnBuild: ['COPY trigger /', 'RUN <<EOF\nheredoc in a trigger\nEOF'],
  },
};

describe('the graph BuildKit makes', () => {
  test.each(readdirSync(FOLDER).sort())('%s', async (name) => {
    const { options, dockerfile, expected } = readGolden(readFileSync(join(FOLDER, name), 'utf8'));
    const { first } = await lower(dockerfile, options, IMAGES);

    expect(goldenText(first)).toBe(expected);
  });
});
