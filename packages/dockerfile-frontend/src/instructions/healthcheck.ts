// SPDX-License-Identifier: MIT
import type { HealthcheckInstruction } from '@img-build/dockerfile-parser';
import type { HealthConfig } from '@img-build/oci';
import { addHistory } from '../image.ts';
import { goDuration, goList } from '../text/go-format.ts';
import type { InstructionContext } from './instruction-context.ts';

/** Sets how the container's health is checked. */
export function lowerHealthcheck(instruction: HealthcheckInstruction, { stage }: InstructionContext): void {
  const test = testOf(instruction);
  const { interval, timeout, startPeriod, startInterval, retries } = instruction;
  const health: HealthConfig = {
    Test: test,
    ...(interval === 0 ? {} : { Interval: interval }),
    ...(timeout === 0 ? {} : { Timeout: timeout }),
    ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod }),
    ...(startInterval === 0 ? {} : { StartInterval: startInterval }),
    ...(retries === 0 ? {} : { Retries: retries }),
  };
  stage.image.config.Healthcheck = health;
  const durations = `Interval:${goDuration(interval)} Timeout:${goDuration(timeout)} StartPeriod:${goDuration(startPeriod)} StartInterval:${goDuration(startInterval)}`;
  addHistory(stage.image, `HEALTHCHECK {Test:${goList(test)} ${durations} Retries:${retries}}`, {
    layer: false,
  });
}

function testOf({ command }: HealthcheckInstruction): readonly string[] {
  if (command === null) return ['NONE'];
  return command.form === 'exec'
    ? ['CMD', ...command.args.map((word) => word.value)]
    : ['CMD-SHELL', command.text];
}
