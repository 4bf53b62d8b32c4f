// SPDX-License-Identifier: MIT
import { type EscapeCharacter, suggest } from '@img-build/dockerfile-parser';
import { messageOf } from '@img-build/errors';
import { type Platform, parsePlatform } from '@img-build/oci';
import type { Environment } from '../environment.ts';
import { expand } from '../expansion.ts';
import { FrontendError } from '../frontend-error.ts';

/** What words above and in FROM are expanded with. */
export interface GlobalScope {
  readonly globals: Environment;
  readonly escape: EscapeCharacter;
}

/**
 * Expands the base's name in FROM.
 *
 * @throws FrontendError `BASE_INVALID`, `EXPANSION_INVALID`
 */
export function baseNameOf(written: string, { globals, escape }: GlobalScope): string {
  const name = expand(written, globals, escape);
  if (name === '')
    throw new FrontendError(`base name (${written}) should not be blank`, { code: 'BASE_INVALID' });
  return name;
}

/**
 * Expands and reads `--platform` of FROM.
 *
 * @throws FrontendError `BASE_INVALID`, `EXPANSION_INVALID`
 */
export function platformOf(written: string, { globals, escape }: GlobalScope): Platform {
  const text = expand(written, globals, escape);
  if (text === '') {
    const near = suggestVariable(written, globals);
    throw new FrontendError(
      `empty platform value from expression ${written}${near === null ? '' : ` (did you mean ${near}?)`}`,
      { code: 'BASE_INVALID' },
    );
  }
  try {
    return parsePlatform(text);
  } catch (cause) {
    throw new FrontendError(`failed to parse platform ${written}: ${messageOf(cause)}`, {
      code: 'BASE_INVALID',
      cause,
    });
  }
}

function suggestVariable(written: string, globals: Environment): string | null {
  const name = /\$\{?([A-Za-z_][A-Za-z0-9_]*)/.exec(written)?.[1];
  return name === undefined ? null : suggest(name, globals.names());
}
