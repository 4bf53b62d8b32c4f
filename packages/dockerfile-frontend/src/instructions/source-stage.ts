// SPDX-License-Identifier: MIT
import { FrontendError } from '../frontend-error.ts';
import type { Stage } from '../stages/stage.ts';
import type { InstructionContext } from './instruction-context.ts';

/**
 * The stage (or image) an instruction calls `name`.
 *
 * @throws FrontendError `STAGE_ORDER_INVALID` when it is defined later in the file
 */
export function requireSource(
  name: string,
  { command, stage }: InstructionContext,
  verb: 'copy' | 'mount',
): Stage {
  const source = command.sources.get(name);
  if (source?.done === true) return source;
  throw new FrontendError(
    `cannot ${verb} from stage ${JSON.stringify(name)}, it needs to be defined before current stage ${JSON.stringify(stage.displayName)}`,
    {
      code: 'STAGE_ORDER_INVALID',
    },
  );
}
