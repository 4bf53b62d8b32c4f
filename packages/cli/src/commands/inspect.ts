// SPDX-License-Identifier: MIT
import { parsePlatform } from '@img-build/oci';
import type { Command } from '../command.ts';
import { referenceOf, requireImage } from '../image-name.ts';
import { describeRemoteImage } from '../remote-image.ts';
import { readConfig, requireStoredImage } from '../stored-image.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';

/** `img inspect`: the image's config, as it is stored, laid out with tabs; or what a registry has. */
export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'Show the configuration of an image.',
  usage: '[OPTIONS] IMAGE',
  flags: [
    {
      name: 'insecure-registry',
      type: 'boolean',
      description: 'With --remote, ask an insecure registry',
      more: true,
    },
    {
      name: 'platform',
      type: 'string',
      description: 'The platform to show of an image that has several',
      more: true,
    },
    {
      name: 'remote',
      type: 'boolean',
      description: 'Ask the registry: platforms, layers, config and referrers, without pulling',
      more: true,
    },
  ],
  positionals: { min: 1, max: 1 },
  async run({ args, io, services, signal }) {
    const name = args.positionals[0] ?? '';
    const wanted = args.text('platform');
    const platform = wanted === undefined ? services.platform : parsePlatform(wanted);
    if (args.is('remote')) {
      const reference = referenceOf(name);
      const registry = await services.registry(insecureHosts(args.is('insecure-registry'), reference));
      const facts = await describeRemoteImage(registry, reference, platform, { signal });
      io.print(JSON.stringify(facts, undefined, '\t'));
      return;
    }
    const { target } = await requireImage(services, name);
    const content = await services.content();
    const image = await requireStoredImage(content, target, platform, { signal });
    const config: unknown = JSON.parse(
      Buffer.from(await readConfig(content, image, { signal })).toString('utf8'),
    );
    io.print(JSON.stringify(config, undefined, '\t'));
  },
};
