// SPDX-License-Identifier: MIT
import { local, scratch, source } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import { createTestBuilder } from './support/builder.ts';

test('what cannot be built is said', async () => {
  const builder = createTestBuilder();
  builder.folders.set('context', {});
  await expect(builder.build(local('context'))).rejects.toHaveProperty('code', 'BUILD_DEFINITION_INVALID');
  await expect(builder.build(source('ftp://x/y', {}))).rejects.toMatchObject({
    cause: { code: 'BUILD_SOURCE_UNKNOWN' },
  });
});

describe('exporters', () => {
  test('are steps of the build, with their own steps inside', async () => {
    const builder = createTestBuilder();
    await builder.build(scratch(), {
      exporter: {
        title: 'exporting to image',
        export: async (_input, { progress }) => {
          await progress('exporting layers', async () => 1);
          return { metadata: { x: 1 } };
        },
      },
    });
    expect(
      builder.events.map((event) =>
        'id' in event ? `${event.id} ${event.completedAt === undefined ? '...' : 'done'}` : event.type,
      ),
    ).toEqual([
      'vertex-added',
      'vertex-started',
      'exporting layers ...',
      'exporting layers done',
      'vertex-completed',
    ]);
  });

  test.each([false, true])('that fail end their step (aborted: %s)', async (aborted) => {
    const builder = createTestBuilder();
    const controller = new AbortController();
    const reason = new Error('no space');
    const exporter = {
      title: 'exporting',
      export: async () => {
        if (aborted) controller.abort(reason);
        throw reason;
      },
    };
    await expect(builder.build(scratch(), { exporter, signal: controller.signal })).rejects.toBe(reason);
    expect(builder.events.at(-1)).toMatchObject({
      type: 'vertex-completed',
      canceled: aborted,
      error: aborted ? undefined : 'no space',
    });
  });
});
