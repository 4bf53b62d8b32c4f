// SPDX-License-Identifier: MIT

/** The same items; an abort ends the iteration at once, even while the source is silent. */
export async function* abortable<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  let aborted = (): void => {};
  const abort = new Promise<never>((_resolve, reject) => {
    aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
  });
  abort.catch(() => {});
  let finished = false;
  try {
    while (true) {
      const item = await Promise.race([iterator.next(), abort]);
      if (item.done === true) {
        finished = true;
        return;
      }
      yield item.value;
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', aborted);
    // Not awaited: a source that hangs in next() would never answer.
    if (!finished) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
