// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import { splitPlatform } from '../../resolve/platform-text.ts';
import type { LintRule } from '../lint-rule.ts';

/** A base image that was made for another platform than the build's. Needs to be told what the image is. */
export const invalidBaseImagePlatform: LintRule = {
  meta: {
    name: 'InvalidBaseImagePlatform',
    description: 'Base image platform does not match expected target platform',
    url: null,
    experimental: false,
  },
  check({ stages, platform: target, baseImage, report }) {
    for (const stage of stages) {
      const { base, from } = stage;
      const image = baseImage(stage);
      if (base.type !== 'image' || image?.platform === undefined) continue;
      const expected = image.expectedPlatform ?? stage.platform ?? target;
      if (isSameMachine(image.platform, expected)) continue;
      const message = `Base image ${base.name} was pulled with platform ${quote(image.platform)}, expected ${quote(expected)} for current build`;
      report({ message, range: from.words.at(-1)?.range ?? from.range });
    }
  },
};

function isSameMachine(actual: string, expected: string): boolean {
  const [left, right] = [splitPlatform(actual), splitPlatform(expected)];
  return left?.os === right?.os && left?.architecture === right?.architecture;
}
