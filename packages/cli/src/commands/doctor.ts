// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';
import { UsageError } from '../usage-error.ts';

const FORMATS = ['text', 'json'];

/** `img doctor` */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check that this machine can build, or that the state directory is sound.',
  usage: '[OPTIONS]',
  flags: [
    {
      name: 'store',
      type: 'boolean',
      description: 'Verify every blob, image, cache record and snapshot instead of the machine',
    },
    {
      name: 'format',
      type: 'string',
      description: 'Output as "text" or as "json", one object',
      default: '"text"',
    },
  ],
  positionals: { min: 0, max: 0 },
  async run({ args, io, services, signal }) {
    const format = args.text('format') ?? 'text';
    if (!FORMATS.includes(format))
      throw new UsageError(`unknown format ${JSON.stringify(format)}`, `it can be ${FORMATS.join(' or ')}`);
    const print = <Report>(report: Report, text: (report: Report) => string): void =>
      void io.stdout.write(format === 'json' ? `${JSON.stringify(report, undefined, '\t')}\n` : text(report));
    if (args.is('store')) {
      const [{ checkStore }, { storeReportText }] = await Promise.all([
        import('../store-check/check-store.ts'),
        import('../render/store-report.ts'),
      ]);
      const report = await checkStore(services, { signal });
      print(report, storeReportText);
      return report.problems.some(({ severity }) => severity === 'corruption') ? 1 : 0;
    }
    const [{ examineMachine }, { machineReportText }] = await Promise.all([
      import('../doctor/examine-machine.ts'),
      import('../render/machine-report.ts'),
    ]);
    const report = await examineMachine(services, { signal });
    print(report, machineReportText);
    return report.findings.some(({ severity }) => severity === 'error') ? 1 : 0;
  },
};
