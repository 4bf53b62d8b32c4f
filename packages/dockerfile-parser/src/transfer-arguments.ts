// SPDX-License-Identifier: MIT
import { readJsonArray, splitAtBlanks } from './argument-splitter.ts';
import type { CopySource, Word } from './ast.ts';
import { chompHeredoc } from './heredoc.ts';
import { type InstructionSource, type LocatedHeredoc, reportArgumentCount } from './instruction-source.ts';

/** What COPY and ADD transfer, and where to. */
export interface TransferArguments {
  readonly sources: readonly CopySource[];
  readonly destination: Word;
}

/** Reads sources and destination; `null` after it has reported an error. */
export function readTransferArguments(source: InstructionSource): TransferArguments | null {
  const sources = readSources(source);
  if (sources === null) return null;
  const last = sources.pop();
  if (last === undefined || sources.length === 0) {
    return reportArgumentCount(
      source,
      'requires at least two arguments, but only one was provided. Destination could not be determined',
    );
  }
  if (last.type === 'heredoc') {
    const message = `${source.name.toUpperCase()} cannot accept a heredoc as a destination`;
    source.report({ code: 'HEREDOC_AS_DESTINATION', message, range: last.range });
    return null;
  }
  return { sources, destination: { value: last.value, range: last.range } };
}

function readSources(source: InstructionSource): CopySource[] | null {
  const json = readJsonArray(source, source.argumentsStart);
  if (json.type === 'invalid') return null;
  if (json.type === 'strings') return json.words.map(pathSource);
  const sources: CopySource[] = [];
  // One by one: there may be more than fit on the stack as arguments of one call.
  const addPaths = (start: number, end: number): void => {
    for (const word of splitAtBlanks(source, start, end)) sources.push(pathSource(word));
  };
  let at = source.argumentsStart;
  for (const located of source.heredocs) {
    addPaths(at, located.start);
    sources.push(heredocSource(located));
    at = located.end;
  }
  addPaths(at, source.argumentsEnd);
  return sources;
}

function pathSource({ value, range }: Word): CopySource {
  return { type: 'path', value, range };
}

function heredocSource({ heredoc }: LocatedHeredoc): CopySource {
  const { name, body, chomp, expand, range } = heredoc;
  return { type: 'heredoc', name, content: chomp ? chompHeredoc(body) : body, expand, range };
}
