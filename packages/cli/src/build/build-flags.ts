// SPDX-License-Identifier: MIT
import type { Flag } from '../command.ts';
import { MAX_SIZE_FLAG } from '../disk/disk-settings.ts';

/** Flags of `img build` that every user needs. */
const COMMON_FLAGS: readonly Flag[] = [
  { name: 'build-arg', type: 'list', description: 'Set build-time variables' },
  {
    name: 'cache-from',
    type: 'list',
    description: 'Buildkit import-cache or Buildx cache-from specification',
  },
  { name: 'cache-to', type: 'list', description: 'Buildx cache-to specification' },
  {
    name: 'file',
    short: 'f',
    type: 'string',
    description: "Name of the Dockerfile (Default is 'PATH/Dockerfile')",
  },
  { name: 'label', type: 'list', description: 'Set metadata for an image' },
  MAX_SIZE_FLAG,
  { name: 'no-cache', type: 'boolean', description: 'Do not use cache when building the image' },
  { name: 'no-console', type: 'boolean', description: 'Use non-console progress UI' },
  {
    name: 'output',
    short: 'o',
    type: 'list',
    value: 'string',
    description: 'BuildKit output specification (e.g. type=tar,dest=build.tar)',
  },
  { name: 'platform', type: 'list', description: 'Set platforms for which the image should be built' },
  {
    name: 'tag',
    short: 't',
    type: 'list',
    description: "Name and optionally a tag in the 'name:tag' format",
  },
  { name: 'target', type: 'string', description: 'Set the target build stage to build' },
];

/** Flags that users of docker and buildx know. */
const MORE_FLAGS: readonly Flag[] = [
  { name: 'add-host', type: 'list', description: 'Add a host to /etc/hosts of RUN (e.g. db:10.0.0.7)' },
  {
    name: 'allow',
    type: 'list',
    description: 'Allow what a step may ask for (network.host, security.insecure, device[=NAME])',
  },
  {
    name: 'annotation',
    type: 'list',
    description: 'Annotate the image (e.g. key=value, index:key=value, manifest[linux/arm64]:key=value)',
  },
  {
    name: 'build-context',
    type: 'list',
    description: 'Name another context (e.g. src=../src, base=docker-image://alpine:3)',
  },
  {
    name: 'cache-mount-from',
    type: 'list',
    description: 'Restore cache mounts (e.g. type=registry,ref=REF[,id=ID], type=local,src=FOLDER)',
  },
  {
    name: 'cache-mount-to',
    type: 'list',
    description: 'Save cache mounts (e.g. type=registry,ref=REF[,id=ID], type=local,dest=FOLDER)',
  },
  {
    name: 'call',
    type: 'string',
    description: 'Ask about the Dockerfile (check, outline, targets[,format=json])',
    default: '"build"',
  },
  { name: 'cgroup-parent', type: 'string', description: 'Parent cgroup of RUN' },
  { name: 'check', type: 'boolean', description: 'Check the Dockerfile, short for --call=check' },
  {
    name: 'expect-cached',
    type: 'list',
    implied: '',
    description: 'Fail with exit code 8 when a step (of these stages) is not cached',
  },
  { name: 'explain', type: 'boolean', description: 'Say of every step why it was not cached' },
  { name: 'iidfile', type: 'string', description: 'Write the id of the image to a file' },
  { name: 'load', type: 'boolean', description: 'Load the image into docker, or podman' },
  { name: 'metadata-file', type: 'string', description: 'Write what came of the build to a JSON file' },
  {
    name: 'network',
    type: 'string',
    description: 'Network of RUN (default, none, host)',
    default: '"default"',
  },
  { name: 'no-cache-filter', type: 'list', description: 'Do not use the cache for these stages' },
  { name: 'opt', type: 'list', description: 'Set an attribute of the frontend (e.g. hostname=build)' },
  {
    name: 'progress',
    type: 'string',
    description: 'How to show progress (auto, plain, tty, quiet, rawjson)',
    default: '"auto"',
  },
  { name: 'pull', type: 'boolean', description: 'Ask registries for base images although they are stored' },
  { name: 'push', type: 'boolean', description: 'Push the image under all of its names' },
  { name: 'quiet', short: 'q', type: 'boolean', description: 'Print nothing but the id of the image' },
  {
    name: 'secret',
    type: 'list',
    description: 'Give a secret to RUN (e.g. id=npmrc,src=.npmrc or id=TOKEN,env=TOKEN)',
  },
  { name: 'shm-size', type: 'string', description: 'Size of /dev/shm of RUN (e.g. 128m)', default: '64m' },
  {
    name: 'ssh',
    type: 'list',
    description: 'Give an SSH agent, or keys, to RUN (e.g. default, id=socket|key)',
  },
  { name: 'ulimit', type: 'list', description: 'Limit RUN (e.g. nofile=1024:2048)' },
].map((flag) => ({ ...flag, more: true }) as Flag);

/** What scripts written for docker pass; it changes nothing here, and is said to be ignored. */
export const IGNORED_FLAGS: readonly Flag[] = [
  ...['compress', 'disable-content-trust', 'force-rm', 'rm', 'squash'].map(
    (name) => ({ name, type: 'boolean' }) as const,
  ),
  { name: 'memory', short: 'm', type: 'list' } as const,
  ...[
    'builder',
    'cpu-period',
    'cpu-quota',
    'cpu-shares',
    'cpuset-cpus',
    'cpuset-mems',
    'isolation',
    'memory-swap',
    'security-opt',
  ].map((name) => ({ name, type: 'list' }) as const),
].map((flag) => ({ ...flag, description: 'Understood and ignored', hidden: true }));

/** Every flag of `img build`. */
export const BUILD_FLAGS: readonly Flag[] = [...COMMON_FLAGS, ...MORE_FLAGS, ...IGNORED_FLAGS];
