// SPDX-License-Identifier: MIT
import { local, scratch } from '@img-build/llb';
import { expect, test } from '@jest/globals';
import { createTestBuilder } from './support/builder.ts';
import { copyStep } from './support/copy-step.ts';

test('a folder shows how much of it was read', async () => {
  const builder = createTestBuilder();
  const shown = async (): Promise<readonly string[]> => {
    await builder.build(scratch().file([copyStep(local('context'), '/file', '/file')]));
    return builder.events.flatMap((event) =>
      event.type === 'status-progressed' && event.id.startsWith('transferring')
        ? [`${event.id} ${event.current} ${event.completedAt !== undefined}`]
        : [],
    );
  };
  builder.folders.set('context', { file: '' });
  expect(await shown()).toEqual(['transferring context: 0B 0 true']);
  builder.folders.set('context', { file: '123' });
  expect(await shown()).toEqual(['transferring context: 3 true']);
});
