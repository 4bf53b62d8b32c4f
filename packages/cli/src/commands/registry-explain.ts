// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';
import { referenceOf } from '../image-name.ts';
import { UsageError } from '../usage-error.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';

/** `img registry explain`: which hosts would be asked for an image, how, and why. */
export const registryExplainCommand: Command = {
  name: 'registry',
  summary: 'Explain which registry, mirrors, credentials and certificates an image name leads to.',
  usage: 'explain [OPTIONS] IMAGE',
  flags: [
    { name: 'format', type: 'string', description: 'How to print it: text or json', default: 'text' },
    {
      name: 'insecure-registry',
      type: 'boolean',
      description: 'Explain what this flag does to other commands',
    },
  ],
  positionals: { min: 2, max: 2 },
  async run({ args, io, services, signal }) {
    const [verb, name = ''] = args.positionals;
    if (verb !== 'explain')
      throw new UsageError(
        `"img registry" does not know ${JSON.stringify(verb)}`,
        'try: img registry explain IMAGE',
      );
    const format = args.text('format') ?? 'text';
    if (format !== 'text' && format !== 'json')
      throw new UsageError(`--format ${JSON.stringify(format)} is neither text nor json`);
    const reference = referenceOf(name);
    const { explainHost } = await import('@img-build/registry-client');
    const explanation = await explainHost(reference, {
      credentials: await services.credentials(),
      hosts: insecureHosts(args.is('insecure-registry'), reference),
      environment: services.env,
      signal,
    });
    if (format === 'json') return io.print(JSON.stringify(explanation, undefined, '\t'));
    const { hostExplanationLines } = await import('../render/host-explanation.ts');
    for (const line of hostExplanationLines(explanation)) io.print(line);
  },
};
