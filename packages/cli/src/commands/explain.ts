// SPDX-License-Identifier: MIT
import { type BuildReport, decodeReport, reportDocument } from '../build/build-report.ts';
import type { Command, CommandIo } from '../command.ts';
import { formatExplanation } from '../render/explanation.ts';
import { printableName } from '../render/printable.ts';
import { formatTable } from '../render/table.ts';
import { formatAge, formatSeconds } from '../render/units.ts';
import { UsageError } from '../usage-error.ts';

/** `img explain`: why the steps of a build were executed. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say why the steps of a build were not cached.',
  usage: '[OPTIONS] [BUILD] [STEP]',
  flags: [
    { name: 'format', type: 'string', description: 'Format of the output (text|json)', default: '"text"' },
    {
      name: 'list',
      short: 'l',
      type: 'boolean',
      description: 'List the builds that are known, newest first',
    },
  ],
  positionals: { min: 0, max: 2 },
  async run({ args, io, services }) {
    const json = isJson(args.text('format') ?? 'text');
    const { builds } = await services.metadata();
    const reports = builds.list().flatMap(({ report }) => decodeReport(report) ?? []);
    if (args.is('list')) return list(reports, io, json);
    const { report, step } = choose(reports, args.positionals);
    const shown = step === undefined ? report : { ...report, steps: stepsOf(report, step) };
    if (json) io.print(JSON.stringify(reportDocument(shown), undefined, 2));
    else io.stdout.write(`${step === undefined ? head(report) : ''}${formatExplanation(shown.steps)}`);
    return;
  },
};

function isJson(format: string): boolean {
  if (format !== 'text' && format !== 'json')
    throw new UsageError(`invalid format ${JSON.stringify(format)}`, 'choose text or json');
  return format === 'json';
}

function list(reports: readonly BuildReport[], io: CommandIo, json: boolean): void {
  if (json) {
    io.print(JSON.stringify(reports.map(reportDocument), undefined, 2));
    return;
  }
  const rows = reports.map((report) => [
    report.reference,
    titleOf(report),
    report.status,
    `${report.steps.filter(({ outcome }) => outcome === 'cached').length}/${report.steps.length}`,
    formatAge(report.endedAt, Date.now()),
  ]);
  io.stdout.write(formatTable([['BUILD', 'NAME', 'STATUS', 'CACHED', 'ENDED'], ...rows], { gap: 2 }));
}

/** The name of the build is its reference or the end of it; a lone number is a step of the newest build. */
function choose(
  reports: readonly BuildReport[],
  [first, second]: readonly string[],
): { readonly report: BuildReport; readonly step: string | undefined } {
  const [newest] = reports;
  if (newest === undefined)
    throw new UsageError('no build is known', 'builds are remembered for 48 hours, the latest 50 of them');
  if (first === undefined) return { report: newest, step: undefined };
  const report = reports.find(({ reference }) => isNamed(reference, first));
  if (report !== undefined) return { report, step: second };
  if (second === undefined && matchingSteps(newest, first).length > 0) return { report: newest, step: first };
  throw new UsageError(
    `there is no build ${JSON.stringify(first)}${second === undefined ? ', and no such step in the latest one' : ''}`,
    "see 'img explain --list'",
  );
}

/** At least six characters of the last part tell builds apart. */
function isNamed(reference: string, name: string): boolean {
  const id = reference.slice(reference.lastIndexOf('/') + 1);
  return reference === name || id === name || (name.length >= 6 && id.startsWith(name));
}

function stepsOf(report: BuildReport, step: string): BuildReport['steps'] {
  const found = matchingSteps(report, step);
  if (found.length > 0) return found;
  throw new UsageError(
    `the build has no step ${JSON.stringify(step)}`,
    'name a number as progress shows it (#5), a place (2/4) or a part of the instruction',
  );
}

/** By the number in the progress, the place in the Dockerfile, or a part of the name. */
function matchingSteps({ steps }: BuildReport, text: string): BuildReport['steps'] {
  const number = /^#?(\d+)$/.exec(text)?.[1];
  if (number !== undefined) return steps.filter((step) => step.number === Number(number));
  if (/^[^\s]* ?\d+\/\d+$/.test(text)) {
    const places = steps.filter(({ name }) =>
      new RegExp(`^\\[[^\\]]*\\]`).exec(name)?.[0].slice(1, -1).endsWith(text),
    );
    if (places.length > 0) return places;
  }
  return steps.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
}

function titleOf({ names, context }: BuildReport): string {
  return printableName(names[0] ?? context);
}

function head(report: BuildReport): string {
  const seconds = formatSeconds(report.endedAt - report.startedAt);
  return `${report.reference}  ${titleOf(report)}  ${report.status}, ${seconds}, ${formatAge(report.endedAt, Date.now())}\n`;
}
