// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Services } from '../../wiring/services.ts';

/** Held shared by builds that use what is kept, and alone by who removes it. */
export const SOURCES_LOCK = 'sources';

/** Where fetched repositories and downloads are kept. */
export function keptFolder(services: Pick<Services, 'state'>): string {
  return join(services.state(), 'sources');
}
