// SPDX-License-Identifier: MIT

const SLOT_SIZE = 256 * 1024;
const SLOTS = 16;
/** Indexes into the control words. */
const WRITTEN = 0;
const READ = 1;
const PROGRESS = 2;
const LENGTHS = 3;
/** Set in the WRITTEN word when nothing more will come. One word, so that a waiter misses neither chunk nor end. */
const ENDED = 1 << 30;
const PROGRESS_UNIT = 64 * 1024;

/** Memory in which one thread hands chunks to another. */
export interface ChunkRing {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
}

/** 4 MiB, which bounds how far the writing thread may run ahead. */
export function createChunkRing(): ChunkRing {
  return {
    control: new SharedArrayBuffer(4 * (LENGTHS + SLOTS)),
    data: new SharedArrayBuffer(SLOTS * SLOT_SIZE),
  };
}

/** Copies a chunk into the ring; blocks the calling thread while the ring is full. */
export function writeToRing(ring: ChunkRing, chunk: Uint8Array): void {
  const control = new Int32Array(ring.control);
  const data = new Uint8Array(ring.data);
  for (let at = 0; at < chunk.byteLength; at += SLOT_SIZE) {
    const index = Atomics.load(control, WRITTEN);
    for (let read = Atomics.load(control, READ); index - read >= SLOTS; read = Atomics.load(control, READ)) {
      Atomics.wait(control, READ, read);
    }
    const part = chunk.subarray(at, at + SLOT_SIZE);
    data.set(part, (index % SLOTS) * SLOT_SIZE);
    control[LENGTHS + (index % SLOTS)] = part.byteLength;
    Atomics.add(control, WRITTEN, 1);
    Atomics.notify(control, WRITTEN);
  }
}

/** Says that nothing more will come; also called by the reader itself when the writer is gone. */
export function endRing(ring: ChunkRing): void {
  const control = new Int32Array(ring.control);
  Atomics.or(control, WRITTEN, ENDED);
  Atomics.notify(control, WRITTEN);
}

/** Tells the reader, roughly, how many bytes went into making the chunks. */
export function setRingProgress(ring: ChunkRing, bytes: number): void {
  Atomics.store(new Int32Array(ring.control), PROGRESS, Math.floor(bytes / PROGRESS_UNIT));
}

export function ringProgress(ring: ChunkRing): number {
  return Atomics.load(new Int32Array(ring.control), PROGRESS) * PROGRESS_UNIT;
}

/** The chunks, each lent until the next is asked for. Waits without blocking the event loop. */
export async function* readRing(ring: ChunkRing): AsyncGenerator<Buffer> {
  const control = new Int32Array(ring.control);
  for (let index = 0; ; index++) {
    let written = Atomics.load(control, WRITTEN);
    while ((written & ~ENDED) === index) {
      if ((written & ENDED) !== 0) return;
      const wait = Atomics.waitAsync(control, WRITTEN, written);
      if (wait.async) await wait.value;
      written = Atomics.load(control, WRITTEN);
    }
    const slot = index % SLOTS;
    yield Buffer.from(ring.data, slot * SLOT_SIZE, control[LENGTHS + slot] as number);
    Atomics.add(control, READ, 1);
    Atomics.notify(control, READ);
  }
}
