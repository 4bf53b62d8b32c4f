// SPDX-License-Identifier: MIT
import { parsePlatform, type Reference, withTag } from '@img-build/oci';
import type { Command, CommandContext } from '../command.ts';
import { checkMaxSize, collectAutomatically } from '../disk/automatic-collection.ts';
import { MAX_SIZE_FLAG } from '../disk/disk-settings.ts';
import { leasedContent } from '../disk/leased-content.ts';
import { referenceOf, shownName } from '../image-name.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { formatBinarySize } from '../render/units.ts';
import { UsageError } from '../usage-error.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';

/** `img pull` */
export const pullCommand: Command = {
  name: 'pull',
  summary: 'Pull an image or a repository from a registry.',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: [
    {
      name: 'all-tags',
      short: 'a',
      type: 'boolean',
      description: 'Pull every tag of the repository',
      more: true,
    },
    MAX_SIZE_FLAG,
    { name: 'insecure-registry', type: 'boolean', description: 'Pull from insecure registry', hidden: true },
    {
      name: 'platform',
      type: 'string',
      description: 'Pull the image of this platform (linux/arm64)',
      more: true,
    },
  ],
  positionals: { min: 1, max: 1 },
  async run(context) {
    const { args, io, services, signal } = context;
    const maxSize = args.text(MAX_SIZE_FLAG.name);
    checkMaxSize(services, maxSize);
    await pullAll(context, args.positionals[0] ?? '');
    await collectAutomatically(services, { maxSize, grew: true, say: io.say, signal });
  },
};

async function pullAll(context: CommandContext, given: string): Promise<void> {
  if (!context.args.is('all-tags')) return await pull(context, referenceOf(given), shownName(given));
  const reference = repositoryOf(given);
  for (const tag of await tagsOf(context, reference)) {
    const tagged = withTag(reference, tag);
    await pull(context, tagged, shownName(`${reference.domain}/${reference.path}:${tag}`));
  }
}

/** A repository the user named without tag or digest. */
function repositoryOf(given: string): Reference {
  const reference = referenceOf(given);
  if (reference.digest === undefined && !given.endsWith(`:${reference.tag}`)) return reference;
  throw new UsageError(
    '--all-tags takes the name of a repository, without tag and digest',
    `see 'img pull --help'`,
  );
}

async function tagsOf(
  { args, services, signal }: CommandContext,
  reference: Reference,
): Promise<readonly string[]> {
  const registry = await services.registry(insecureHosts(args.is('insecure-registry'), reference));
  const tags: string[] = [];
  for await (const tag of registry.tags(reference, { signal })) tags.push(tag);
  return tags;
}

async function pull(
  { args, io, services, signal }: CommandContext,
  reference: Reference,
  name: string,
): Promise<void> {
  const wanted = args.text('platform');
  const platform = wanted === undefined ? services.platform : parsePlatform(wanted);
  const hosts = insecureHosts(args.is('insecure-registry'), reference);
  const [{ pullImage }, content, { images, leases }] = await Promise.all([
    import('@img-build/sources'),
    services.content(),
    services.metadata(),
  ]);
  io.print(`Pulling ${name}...`);
  const progress = createTransferProgress(io.stderr);
  // Blobs that no image names yet must not be collected by somebody else.
  const lease = leases.create();
  try {
    const pulled = await pullImage(reference, {
      registry: () => services.registry(hosts),
      content: leasedContent(content, lease),
      images,
      platform,
      onProgress: progress.update,
      signal,
    });
    progress.finish();
    io.print(`Snapshot ref: ${pulled.resolved.digest}`);
    io.print(`Size: ${formatBinarySize(pulled.size)}`);
  } finally {
    lease.release();
    progress.finish();
  }
}
