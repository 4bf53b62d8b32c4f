// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';
import type { ProgressRenderer } from './progress-renderer.ts';
import { reasonText } from './reason-text.ts';

/** How BuildKit's clients see a step. */
interface RawVertex {
  readonly digest: string;
  readonly inputs: readonly string[];
  readonly name: string;
  readonly started?: string | undefined;
  readonly completed?: string | undefined;
  readonly cached?: true | undefined;
  readonly error?: string | undefined;
}

/**
 * One JSON object a line for every change, in the form of BuildKit's solve status: `vertexes`, `statuses`, `logs` and
 * `warnings`, bytes in base64, times as RFC 3339.
 */
export function createRawJsonProgress(write: (text: string) => void): ProgressRenderer {
  const vertexes = new Map<string, RawVertex>();

  function update(digest: string, change: Partial<RawVertex>): object {
    const vertex = { digest, inputs: [], name: '', ...vertexes.get(digest), ...change };
    vertexes.set(digest, vertex);
    return { vertexes: [vertex] };
  }

  function statusOf(event: BuildEvent): object {
    const { vertex } = event;
    switch (event.type) {
      case 'vertex-added':
        return update(vertex, { name: event.name, inputs: event.inputs });
      case 'vertex-started':
        return update(vertex, { started: time(event.at) });
      case 'vertex-completed':
        return update(vertex, {
          started: vertexes.get(vertex)?.started ?? time(event.at),
          completed: time(event.at),
          cached: event.cached ? true : undefined,
          error: event.error ?? (event.canceled === true ? 'context canceled' : undefined),
        });
      case 'vertex-logged':
        return {
          logs: [{ vertex, stream: event.stream, data: base64(event.data), timestamp: time(event.at) }],
        };
      case 'vertex-warned':
        return { warnings: [warningOf(event)] };
      case 'vertex-explained':
        return {
          explanations: [
            { vertex, reasons: event.reasons.map((reason) => ({ ...reason, text: reasonText(reason) })) },
          ],
        };
      case 'status-progressed':
        return { statuses: [progressOf(event)] };
    }
  }

  return {
    show(event) {
      write(`${JSON.stringify(statusOf(event))}\n`);
    },
    makeRoom() {},
    finish() {},
  };
}

function warningOf({
  vertex,
  short,
  detail = [],
  url,
  range,
}: Extract<BuildEvent, { readonly type: 'vertex-warned' }>): object {
  return {
    vertex,
    level: 1,
    short: base64(Buffer.from(short)),
    detail: detail.map((line) => base64(Buffer.from(line))),
    url,
    range: range && [
      { start: { line: range.startLine, character: 0 }, end: { line: range.endLine, character: 0 } },
    ],
  };
}

function progressOf({
  vertex,
  id,
  current,
  total,
  startedAt,
  completedAt,
}: Extract<BuildEvent, { readonly type: 'status-progressed' }>): object {
  return {
    id,
    vertex,
    current,
    total,
    timestamp: time(completedAt ?? startedAt),
    started: time(startedAt),
    completed: completedAt === undefined ? undefined : time(completedAt),
  };
}

function time(at: number): string {
  return new Date(at).toISOString();
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
