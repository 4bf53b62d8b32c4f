// SPDX-License-Identifier: MIT

import { readCommandForm } from '../argument-splitter.ts';
import type { RunCommand, Word } from '../ast.ts';
import { quote } from '../characters.ts';
import { readFlags } from '../flag-reader.ts';
import { chompHeredoc } from '../heredoc.ts';
import type { RunInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';
import { readDevice } from '../run-device.ts';
import { readMount } from '../run-mount.ts';

const NETWORKS = ['default', 'none', 'host'] as const;
const SECURITIES = ['sandbox', 'insecure'] as const;

/** `RUN [--mount=…] [--network=…] [--security=…] [--device=…] COMMAND`. */
export function parseRun(source: InstructionSource): RunInstruction | null {
  const command = readRunCommand(source);
  const flags = readFlags(source, { mount: 'list', network: 'string', security: 'string', device: 'list' });
  if (command === null || flags === null) return null;
  const mounts = flags.indexes('mount').map((index) => readMount(source, index));
  const network = choose(flags.string('network'), NETWORKS);
  const security = choose(flags.string('security'), SECURITIES);
  const devices = flags.list('device').map((flag) => readDevice(source, flag));
  if (network.unknown !== null) {
    const { value, range } = network.unknown;
    source.report({ code: 'NETWORK_INVALID', message: `invalid network mode ${quote(value)}`, range });
  }
  if (security.unknown !== null) {
    const { value, range } = security.unknown;
    source.report({ code: 'SECURITY_INVALID', message: `security ${quote(value)} is not valid`, range });
  }
  if (!areComplete(mounts) || !areComplete(devices) || network.unknown !== null || security.unknown !== null)
    return null;
  return {
    ...source.base,
    kind: 'run',
    command,
    mounts,
    devices,
    network: network.value,
    security: security.value,
  };
}

interface Choice<Value> {
  readonly value: Value | null;
  readonly unknown: Word | null;
}

function choose<Value extends string>(word: Word | null, values: readonly Value[]): Choice<Value> {
  const value = values.find((candidate) => candidate === word?.value) ?? null;
  return { value, unknown: value === null ? word : null };
}

function areComplete<Item>(items: readonly (Item | null)[]): items is readonly Item[] {
  return !items.includes(null);
}

function readRunCommand(source: InstructionSource): RunCommand | null {
  const form = readCommandForm(source, source.argumentsStart);
  const [first] = source.heredocs;
  if (form === null || form.form === 'exec' || first === undefined) return form;
  if (first.start !== source.argumentsStart || first.end !== source.argumentsEnd) {
    const bodies = source.heredocs.map(({ heredoc }) => `\n${heredoc.body}${heredoc.name}`);
    return { form: 'heredoc-shell', text: form.text + bodies.join(''), range: form.range };
  }
  const { name, body, chomp } = first.heredoc;
  const text = chomp ? chompHeredoc(body) : body;
  const { range } = form;
  return body.startsWith('#!')
    ? { form: 'heredoc-file', name, text, range }
    : { form: 'heredoc-script', text, range };
}
