// SPDX-License-Identifier: MIT
import type { Command } from '../command.ts';

/** A command that is known before it is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command; each is loaded when it is asked for. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: 'Build an image from a Dockerfile',
    load: async () => (await import('./build.ts')).buildCommand,
  },
  {
    name: 'cache',
    summary: 'List, save, restore and remove cache mounts.',
    load: async () => (await import('./cache.ts')).cacheCommand,
  },
  {
    name: 'copy',
    summary: 'Copy an image between registries, OCI layout folders and docker archives.',
    load: async () => (await import('./copy.ts')).copyCommand,
  },
  {
    name: 'doctor',
    summary: 'Check that this machine can build, or that the state directory is sound.',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  { name: 'du', summary: 'Show image disk usage.', load: async () => (await import('./du.ts')).duCommand },
  {
    name: 'explain',
    summary: 'Say why the steps of a build were not cached.',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'inspect',
    summary: 'Show the configuration of an image.',
    load: async () => (await import('./inspect.ts')).inspectCommand,
  },
  {
    name: 'login',
    summary: 'Log in to a Docker registry.',
    load: async () => (await import('./login.ts')).loginCommand,
  },
  {
    name: 'logout',
    summary: 'Log out from a Docker registry.',
    load: async () => (await import('./logout.ts')).logoutCommand,
  },
  { name: 'ls', summary: 'List images and digests.', load: async () => (await import('./ls.ts')).lsCommand },
  {
    name: 'prune',
    summary: 'Prune and clean up the build cache.',
    load: async () => (await import('./prune.ts')).pruneCommand,
  },
  {
    name: 'pull',
    summary: 'Pull an image or a repository from a registry.',
    load: async () => (await import('./pull.ts')).pullCommand,
  },
  {
    name: 'push',
    summary: 'Push an image or a repository to a registry.',
    load: async () => (await import('./push.ts')).pushCommand,
  },
  {
    name: 'registry',
    summary: 'Explain which registry, mirrors, credentials and certificates an image name leads to.',
    load: async () => (await import('./registry-explain.ts')).registryExplainCommand,
  },
  {
    name: 'rm',
    summary: 'Remove one or more images.',
    load: async () => (await import('./rm.ts')).rmCommand,
  },
  {
    name: 'save',
    summary: 'Save an image to a tar archive (streamed to STDOUT by default).',
    load: async () => (await import('./save.ts')).saveCommand,
  },
  {
    name: 'tag',
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE.',
    load: async () => (await import('./tag.ts')).tagCommand,
  },
  {
    name: 'unpack',
    summary: 'Unpack an image to a rootfs directory.',
    load: async () => (await import('./unpack.ts')).unpackCommand,
  },
  {
    name: 'version',
    summary: 'Show the version information.',
    load: async () => (await import('./version.ts')).versionCommand,
  },
];
