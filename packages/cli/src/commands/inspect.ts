// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';
import { requireImage } from '../image-name.ts';
import { readConfig, requireStoredImage } from '../stored-image.ts';

/** `img inspect`: the image's config, as it is stored, laid out with tabs. */
export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'Show the configuration of an image.',
  usage: '[OPTIONS] IMAGE',
  flags: [],
  positionals: { min: 1, max: 1 },
  async run({ args, io, services, signal }) {
    const { target } = await requireImage(services, args.positionals[0] ?? '');
    const content = await services.content();
    const image = await requireStoredImage(content, target, services.platform, { signal });
    const config: unknown = JSON.parse(
      Buffer.from(await readConfig(content, image, { signal })).toString('utf8'),
    );
    io.print(JSON.stringify(config, undefined, '\t'));
  },
};
