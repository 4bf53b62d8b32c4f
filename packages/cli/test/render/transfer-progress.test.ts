// SPDX-License-Identifier: MIT
import type { Descriptor } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { type BlobTransfer, transferFrame } from '../../src/render/transfer-frame.ts';
import { createTransferProgress } from '../../src/render/transfer-progress.ts';

const blob = (bytes: number, size: number, rest: Partial<BlobTransfer> = {}): BlobTransfer => ({
  name: '0123456789ab',
  size,
  bytes,
  before: 0,
  startedAt: 0,
  ...rest,
});
const descriptor = (name: string, size: number): Descriptor => ({
  mediaType: 'application/octet-stream',
  digest: `sha256:${name.repeat(64)}`,
  size,
});

describe('transfers', () => {
  test('show a bar with bytes, rate and time left for each blob on its way', () => {
    expect(
      transferFrame([blob(50_000_000, 100_000_000), blob(10, 10)], { columns: 100, now: 10_000 }),
    ).toEqual([
      '0123456789ab [============>           ] 50.00MB / 100.00MB  5.00MB/s  10s left',
      '1 of 2 blobs, 50.00MB / 100.00MB  5.00MB/s  10s left',
    ]);
  });

  test('count only what moved now for the rate', () => {
    expect(
      transferFrame([blob(90_000_000, 100_000_000, { before: 80_000_000 })], {
        columns: 100,
        now: 10_000,
      })[0],
    ).toContain('1.00MB/s  10s left');
  });

  test('tell long times in minutes and hours, and no rate before there is one', () => {
    const line = (size: number, now: number) =>
      transferFrame([blob(1_000_000, size)], { columns: 100, now })[0] ?? '';

    expect(line(100_000_000, 2000)).toMatch(/3m18s left$/);
    expect(line(10_000_000_000, 2000)).toMatch(/5h33m left$/);
    expect(line(2_000_000, 100)).toMatch(/1\.00MB \/ 2\.00MB$/);
  });

  test('are never wider than the terminal, nor higher than a few lines', () => {
    const lines = transferFrame(
      Array.from({ length: 50 }, () => blob(1, 1_000_000)),
      { columns: 40, now: 5000 },
    );

    expect(lines).toHaveLength(9);
    expect(Math.max(...lines.map((one) => one.length))).toBe(40);
  });

  test('are drawn over one another on a terminal and removed in the end', () => {
    const written: string[] = [];
    let now = 1000;
    const stream = { isTTY: true, columns: 80, write: (text: string) => written.push(text) > 0 };
    const progress = createTransferProgress(stream, () => now);

    progress.update(descriptor('a', 100), 50);
    now += 50;
    progress.update(descriptor('a', 100), 60);
    now += 100;
    progress.update(descriptor('a', 100), 70);
    progress.finish();
    progress.finish();

    expect(written).toHaveLength(3);
    expect(written[0]).toMatch(/^a{12} \[=+> +\] 50B \/ 100B\n0 of 1 blobs, 50B \/ 100B\n$/);
    expect(written[1]).toMatch(/^(?:\u001b\[1A\u001b\[2K){2}a{12} .* 70B \/ 100B/);
    expect(written[2]).toBe('\u001b[1A\u001b[2K'.repeat(2));
  });

  test('are not drawn elsewhere', () => {
    const written: string[] = [];
    const progress = createTransferProgress({
      isTTY: false,
      write: (text: string) => written.push(text) > 0,
    });

    progress.update(descriptor('a', 100), 50);
    progress.finish();

    expect(written).toEqual([]);
  });
});
