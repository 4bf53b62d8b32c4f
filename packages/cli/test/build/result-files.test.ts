// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportResult } from '@img-build/interfaces';
import { afterAll, expect, test } from '@jest/globals';
import {
  imageId,
  newBuildReference,
  prepareResultFiles,
  writeResultFiles,
} from '../../src/build/result-files.ts';
import type { BuildOutcome } from '../../src/build/run-build.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterAll(removeFolders);

const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`;
const descriptor = { mediaType: 'm', digest: digest('a'), size: 1 };
const image: ExportResult = {
  descriptor,
  configDigest: digest('b'),
  metadata: {
    'containerimage.digest': digest('a'),
    'containerimage.config.digest': digest('b'),
    'containerimage.descriptor': descriptor,
    'image.name': 'docker.io/library/x:1',
  },
};
const index: ExportResult = { descriptor, metadata: { 'containerimage.digest': digest('a') } };
const folder: ExportResult = { metadata: {} };

function outcome(results: readonly ExportResult[]): BuildOutcome {
  return {
    reference: 'img/local/x',
    results,
    dockerfile: { name: 'Dockerfile', text: 'from x\n' },
    warnings: [{ rule: 'R', message: 'm', description: 'd', url: 'u', range: { startLine: 1, endLine: 2 } }],
  };
}

test('an image is known by its config, a list of images by itself, a folder by nothing', () => {
  expect(imageId(outcome([image]))).toBe(digest('b'));
  expect(imageId(outcome([folder, index]))).toBe(digest('a'));
  expect(imageId(outcome([folder]))).toBeUndefined();
});

test('the id file holds the id alone', async () => {
  const path = join(temporaryFolder(), 'new', 'iid');
  const files = { imageIdFile: path, metadataFile: undefined };
  prepareResultFiles(files);
  await writeResultFiles(files, outcome([image]), {});
  expect(readFileSync(path, 'utf8')).toBe(digest('b'));
  prepareResultFiles(files);
  expect(existsSync(path)).toBe(false);
  await writeResultFiles(files, outcome([folder]), {});
  expect(readFileSync(path, 'utf8')).toBe('');
});

test("the metadata has buildx's keys, those of the first output where outputs differ", async () => {
  const place = temporaryFolder();
  const files = { imageIdFile: undefined, metadataFile: join(place, 'metadata.json') };
  writeFileSync(files.metadataFile, 'old');
  prepareResultFiles(files);
  await writeResultFiles(
    files,
    outcome([image, { ...index, metadata: { 'containerimage.digest': 'x' } }]),
    {},
  );
  expect(JSON.parse(readFileSync(files.metadataFile, 'utf8'))).toEqual({
    ...image.metadata,
    'buildx.build.ref': 'img/local/x',
  });
  expect(readdirSync(place)).toEqual(['metadata.json']);
});

test.each(['IMG_METADATA_WARNINGS', 'BUILDX_METADATA_WARNINGS'])('%s adds the warnings', async (name) => {
  const files = { imageIdFile: undefined, metadataFile: join(temporaryFolder(), 'm') };
  await writeResultFiles(files, outcome([folder]), { [name]: 'true' });
  const text = (value: string): string => Buffer.from(value).toString('base64');
  expect(JSON.parse(readFileSync(files.metadataFile, 'utf8'))['buildx.build.warnings']).toEqual([
    {
      level: 1,
      short: text('R: m (line 1)'),
      detail: [text('d')],
      url: 'u',
      sourceInfo: { filename: 'Dockerfile', data: text('from x\n'), language: 'Dockerfile' },
      range: [{ start: { line: 1, character: 0 }, end: { line: 2, character: 0 } }],
    },
  ]);
});

test('a place that cannot be written is refused before the build', () => {
  const place = temporaryFolder();
  writeFileSync(join(place, 'file'), '');
  mkdirSync(join(place, 'dir'));
  for (const path of [join(place, 'file', 'iid'), join(place, 'dir')])
    expect(() => prepareResultFiles({ imageIdFile: path, metadataFile: undefined })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
});

test('no two builds have one reference', () => {
  const references = new Set(Array.from({ length: 100 }, newBuildReference));
  expect(references.size).toBe(100);
  for (const reference of references) expect(reference).toMatch(/^img\/local\/[0-9a-z]{25}$/);
});
