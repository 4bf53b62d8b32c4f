// SPDX-License-Identifier: MIT
import type { InstructionParser } from './instruction-source.ts';
import { parseAdd } from './instructions/add.ts';
import { parseArg } from './instructions/arg.ts';
import { parseCmd } from './instructions/cmd.ts';
import { parseCopy } from './instructions/copy.ts';
import { parseEntrypoint } from './instructions/entrypoint.ts';
import { parseEnv } from './instructions/env.ts';
import { parseExpose } from './instructions/expose.ts';
import { parseFrom } from './instructions/from.ts';
import { parseHealthcheck } from './instructions/healthcheck.ts';
import { parseLabel } from './instructions/label.ts';
import { parseMaintainer } from './instructions/maintainer.ts';
import { parseOnbuild } from './instructions/onbuild.ts';
import { parseRun } from './instructions/run.ts';
import { parseShell } from './instructions/shell.ts';
import { parseStopsignal } from './instructions/stopsignal.ts';
import { parseUser } from './instructions/user.ts';
import { parseVolume } from './instructions/volume.ts';
import { parseWorkdir } from './instructions/workdir.ts';

/** The parser of every instruction, by lower-cased keyword. */
export const INSTRUCTION_PARSERS: ReadonlyMap<string, InstructionParser> = new Map<string, InstructionParser>(
  [
    ['add', parseAdd],
    ['arg', parseArg],
    ['cmd', parseCmd],
    ['copy', parseCopy],
    ['entrypoint', parseEntrypoint],
    ['env', parseEnv],
    ['expose', parseExpose],
    ['from', parseFrom],
    ['healthcheck', parseHealthcheck],
    ['label', parseLabel],
    ['maintainer', parseMaintainer],
    ['onbuild', parseOnbuild],
    ['run', parseRun],
    ['shell', parseShell],
    ['stopsignal', parseStopsignal],
    ['user', parseUser],
    ['volume', parseVolume],
    ['workdir', parseWorkdir],
  ],
);

/** Instructions whose arguments may hold heredocs. */
export const HEREDOC_INSTRUCTIONS: ReadonlySet<string> = new Set(['add', 'copy', 'run']);
