// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** The command line, or a value in it, makes no sense. */
export class UsageError extends ToolError<'USAGE'> {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super(message, { code: 'USAGE', hint });
  }
}
