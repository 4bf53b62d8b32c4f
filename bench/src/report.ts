// SPDX-License-Identifier: MIT
import type { Builder } from './builder.ts';
import { type Figures, type FigureTable, median } from './figures.ts';
import type { MachineFacts } from './machine.ts';
import type { Workload } from './workloads.ts';

/** Everything a run found out. */
export interface Report {
  readonly machine: MachineFacts;
  readonly builders: readonly Pick<Builder, 'name' | 'description'>[];
  readonly workloads: readonly Pick<Workload, 'rows'>[];
  readonly figures: FigureTable;
}

/** A Markdown table: median (least) seconds, in brackets the ratio to the first builder, processor time and memory. */
export function formatReport({ machine, builders, workloads, figures }: Report): string {
  const names = [...builders.map(({ name }) => name), 'tar'].filter(
    (name) => name !== 'tar' || figures.find('unpack', 'tar') !== undefined,
  );
  const rows = workloads.flatMap((workload) => Object.entries(workload.rows));
  const cells = rows.map(([row, title]) => [
    `\`${row}\``,
    title,
    ...names.map((name) => formatCell(figures.find(row, name), figures.find(row, names[0] ?? ''))),
  ]);
  return [
    ...Object.entries(machine).map(([fact, value]) => `- ${fact}: ${value}`),
    ...builders.map(({ name, description }) => `- ${name}: ${description}`),
    '',
    'Seconds: median (least); × ratio of the medians to the first builder; cpu: user + system; mem: peak of the process tree.',
    '',
    formatRow(['row', 'work', ...names]),
    formatRow(['---', '---', ...names.map(() => '---')]),
    ...cells.map(formatRow),
  ].join('\n');
}

/** The same as plain data. */
export function reportData({ machine, builders, workloads, figures }: Report): unknown {
  const rows = workloads.flatMap((workload) => Object.keys(workload.rows));
  const names = [...builders.map(({ name }) => name), 'tar'];
  return {
    machine,
    builders,
    rows: rows.map((row) => ({
      row,
      figures: Object.fromEntries(
        names.flatMap((name) => {
          const found = figures.find(row, name);
          return found === undefined ? [] : [[name, found]];
        }),
      ),
    })),
  };
}

function formatRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function formatCell(figures: Figures | undefined, first: Figures | undefined): string {
  if (figures === undefined) return '–';
  if (figures.failure !== undefined && figures.runs.length === 0) return 'failed';
  const walls = figures.runs.map(({ wall }) => wall);
  const parts = [`${seconds(median(walls))} (${seconds(Math.min(...walls))})`];
  if (first !== undefined && first !== figures && first.runs.length > 0)
    parts.push(`×${(median(walls) / median(first.runs.map(({ wall }) => wall))).toFixed(1)}`);
  parts.push(`cpu ${seconds(median(figures.runs.map(({ cpu }) => cpu)))}`);
  if (figures.memory !== undefined && figures.memory > 0)
    parts.push(`mem ${Math.round(figures.memory / 1e6)} MB`);
  return parts.join(', ');
}

function seconds(value: number): string {
  return value < 0.2 ? value.toFixed(3) : value.toFixed(2);
}
