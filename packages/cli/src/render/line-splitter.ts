// SPDX-License-Identifier: MIT
import { StringDecoder } from 'node:string_decoder';

/** Makes lines of the chunks of one stream. */
export interface LineSplitter {
  /** The lines that a chunk completes. */
  push(chunk: Uint8Array): readonly string[];
  /** The line that the stream ended in the middle of. */
  end(): readonly string[];
}

/** Characters after which a line is broken, so that output without line ends needs no memory. */
const MAX_LINE = 16 * 1024;

/** Splits UTF-8 at line feeds; a character cut by the end of a chunk is completed by the next one. */
export function createLineSplitter(): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  function add(text: string): readonly string[] {
    const lines = (rest + text).split('\n').flatMap(broken);
    rest = lines.pop() ?? '';
    return lines;
  }

  return {
    push: (chunk) => add(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end() {
      const lines = add(decoder.end());
      const last = rest;
      rest = '';
      return last === '' ? lines : [...lines, last];
    },
  };
}

function broken(line: string): readonly string[] {
  if (line.length <= MAX_LINE) return [line];
  return Array.from({ length: Math.ceil(line.length / MAX_LINE) }, (_, index) =>
    line.slice(index * MAX_LINE, (index + 1) * MAX_LINE),
  );
}
