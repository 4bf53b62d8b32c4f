// SPDX-License-Identifier: MIT
import { familiarReference, parsePlatform } from '@img-build/oci';
import type { CopyLocation } from '@img-build/registry-client';
import type { Command } from '../command.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { UsageError } from '../usage-error.ts';

/** `img copy` */
export const copyCommand: Command = {
  name: 'copy',
  summary: 'Copy an image between registries, OCI layout folders and docker archives.',
  usage: '[OPTIONS] SOURCE DESTINATION',
  flags: [
    {
      name: 'all',
      short: 'a',
      type: 'boolean',
      description: 'Copy the images of all platforms (the default)',
    },
    { name: 'insecure-registry', type: 'boolean', description: 'Use insecure registries' },
    {
      name: 'platform',
      type: 'list',
      value: 'list',
      description: 'Copy the images of these platforms only (linux/amd64,linux/arm64)',
    },
    {
      name: 'referrers',
      type: 'boolean',
      description: 'Copy what refers to the image too: signatures, attestations, contents lists',
    },
  ],
  positionals: { min: 2, max: 2 },
  async run({ args, io, services, signal }) {
    const [from = '', to = ''] = args.positionals;
    const platforms = args
      .list('platform')
      .flatMap((list) => list.split(','))
      .filter((text) => text !== '')
      .map((text) => parsePlatform(text));
    if (args.is('all') && platforms.length > 0)
      throw new UsageError('--all and --platform exclude each other', 'leave one of them out');
    const { parseLocation } = await import('@img-build/registry-client');
    const [source, destination] = [parseLocation(from), parseLocation(to)];
    const domains = [source, destination].flatMap(domainOf);
    const hosts = args.is('insecure-registry')
      ? Object.fromEntries(domains.map((domain) => [domain, { insecure: true }]))
      : undefined;
    const registry = await services.registry(hosts);
    io.print(`Copying ${shown(source, from)} to ${shown(destination, to)}...`);
    const progress = createTransferProgress(io.stderr);
    try {
      const { descriptor, referrers, blobs } = await registry.copy(source, destination, {
        platforms,
        referrers: args.is('referrers'),
        onProgress: progress.update,
        signal,
      });
      progress.finish();
      io.print(`Digest: ${descriptor.digest}`);
      for (const { digest, artifactType = 'unknown type' } of referrers)
        io.print(`Referrer: ${digest} (${artifactType})`);
      io.print(`Blobs: ${blobs.uploaded} copied, ${blobs.mounted} mounted, ${blobs.existed} there before`);
    } finally {
      progress.finish();
    }
  },
};

function domainOf(location: CopyLocation): readonly string[] {
  return location.type === 'registry' ? [location.reference.domain] : [];
}

function shown(location: CopyLocation, written: string): string {
  return location.type === 'registry' ? familiarReference(location.reference) : written;
}
