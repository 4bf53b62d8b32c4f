// SPDX-License-Identifier: MIT
import { type EnumType, type FieldType, field, type MessageType } from './message.ts';

const NET_MODE: EnumType = { names: ['unset', 'host', 'none'] };
const SECURITY_MODE: EnumType = { names: ['sandbox', 'insecure'] };
const MOUNT_TYPE: EnumType = { names: ['bind', 'secret', 'ssh', 'cache', 'tmpfs'] };
const CONTENT_CACHE: EnumType = { names: ['default', 'on', 'off'] };
const CACHE_SHARING: EnumType = { names: ['shared', 'private', 'locked'] };

const message = (type: () => MessageType): FieldType => ({ message: type });
const REPEATED = { repeated: true } as const;

const PLATFORM: MessageType = {
  name: 'Platform',
  fields: [
    field(1, 'architecture', 'string', { json: 'Architecture' }),
    field(2, 'os', 'string', { json: 'OS' }),
    field(3, 'variant', 'string', { json: 'Variant' }),
    field(4, 'osVersion', 'string', { json: 'OSVersion' }),
    field(5, 'osFeatures', 'string', { json: 'OSFeatures', ...REPEATED }),
  ],
};

const INPUT: MessageType = {
  name: 'Input',
  fields: [field(1, 'digest', 'string'), field(2, 'index', 'int64')],
};

const USER_OPT: MessageType = {
  name: 'UserOpt',
  fields: [
    field(
      1,
      'byName',
      message(() => NAMED_USER),
      { oneof: 'User' },
    ),
    // Go's JSON form of this oneof is hand-written: another spelling than the field's name, and a zero is left out.
    field(2, 'byID', 'uint32', { oneof: 'User', json: 'byId' }),
  ],
};

const NAMED_USER: MessageType = {
  name: 'NamedUserOpt',
  fields: [field(1, 'name', 'string'), field(2, 'input', 'int64')],
};

const CHOWN_OPT: MessageType = {
  name: 'ChownOpt',
  fields: [
    field(
      1,
      'user',
      message(() => USER_OPT),
    ),
    field(
      2,
      'group',
      message(() => USER_OPT),
    ),
  ],
};

/** `FileActionCopy` */
export const COPY: MessageType = {
  name: 'FileActionCopy',
  fields: [
    field(1, 'src', 'string'),
    field(2, 'dest', 'string'),
    field(
      3,
      'owner',
      message(() => CHOWN_OPT),
    ),
    field(4, 'mode', 'int32'),
    field(5, 'followSymlink', 'bool'),
    field(6, 'dirCopyContents', 'bool'),
    field(7, 'attemptUnpackDockerCompatibility', 'bool'),
    field(8, 'createDestPath', 'bool'),
    field(9, 'allowWildcard', 'bool'),
    field(10, 'allowEmptyWildcard', 'bool'),
    field(11, 'timestamp', 'bigint64'),
    field(12, 'includePatterns', 'string', { json: 'include_patterns', ...REPEATED }),
    field(13, 'excludePatterns', 'string', { json: 'exclude_patterns', ...REPEATED }),
    field(14, 'alwaysReplaceExistingDestPaths', 'bool'),
    field(15, 'modeStr', 'string'),
    field(16, 'requiredPaths', 'string', { json: 'required_paths', ...REPEATED }),
  ],
};

/** `FileActionMkFile` */
export const MKFILE: MessageType = {
  name: 'FileActionMkFile',
  fields: [
    field(1, 'path', 'string'),
    field(2, 'mode', 'int32'),
    field(3, 'data', 'bytes'),
    field(
      4,
      'owner',
      message(() => CHOWN_OPT),
    ),
    field(5, 'timestamp', 'bigint64'),
  ],
};

/** `FileActionMkDir` */
export const MKDIR: MessageType = {
  name: 'FileActionMkDir',
  fields: [
    field(1, 'path', 'string'),
    field(2, 'mode', 'int32'),
    field(3, 'makeParents', 'bool'),
    field(
      4,
      'owner',
      message(() => CHOWN_OPT),
    ),
    field(5, 'timestamp', 'bigint64'),
  ],
};

/** `FileActionRm` */
export const RM: MessageType = {
  name: 'FileActionRm',
  fields: [field(1, 'path', 'string'), field(2, 'allowNotFound', 'bool'), field(3, 'allowWildcard', 'bool')],
};

/** `FileActionSymlink` */
export const SYMLINK: MessageType = {
  name: 'FileActionSymlink',
  fields: [
    field(1, 'oldpath', 'string'),
    field(2, 'newpath', 'string'),
    field(
      3,
      'owner',
      message(() => CHOWN_OPT),
    ),
    field(4, 'timestamp', 'bigint64'),
  ],
};

const FILE_ACTION: MessageType = {
  name: 'FileAction',
  fields: [
    field(1, 'input', 'int64', { always: true }),
    field(2, 'secondaryInput', 'int64', { always: true }),
    field(3, 'output', 'int64', { always: true }),
    field(
      4,
      'copy',
      message(() => COPY),
      { oneof: 'Action' },
    ),
    field(
      5,
      'mkfile',
      message(() => MKFILE),
      { oneof: 'Action' },
    ),
    field(
      6,
      'mkdir',
      message(() => MKDIR),
      { oneof: 'Action' },
    ),
    field(
      7,
      'rm',
      message(() => RM),
      { oneof: 'Action' },
    ),
    field(
      8,
      'symlink',
      message(() => SYMLINK),
      { oneof: 'Action' },
    ),
  ],
};

const FILE_OP: MessageType = {
  name: 'FileOp',
  fields: [
    field(
      2,
      'actions',
      message(() => FILE_ACTION),
      REPEATED,
    ),
  ],
};

const PROXY_ENV: MessageType = {
  name: 'ProxyEnv',
  fields: [
    field(1, 'httpProxy', 'string', { json: 'http_proxy' }),
    field(2, 'httpsProxy', 'string', { json: 'https_proxy' }),
    field(3, 'ftpProxy', 'string', { json: 'ftp_proxy' }),
    field(4, 'noProxy', 'string', { json: 'no_proxy' }),
    field(5, 'allProxy', 'string', { json: 'all_proxy' }),
  ],
};

const HOST_IP: MessageType = {
  name: 'HostIP',
  fields: [field(1, 'host', 'string', { json: 'Host' }), field(2, 'ip', 'string', { json: 'IP' })],
};

const ULIMIT: MessageType = {
  name: 'Ulimit',
  fields: [
    field(1, 'name', 'string', { json: 'Name' }),
    field(2, 'soft', 'int64', { json: 'Soft' }),
    field(3, 'hard', 'int64', { json: 'Hard' }),
  ],
};

const META: MessageType = {
  name: 'Meta',
  fields: [
    field(1, 'args', 'string', REPEATED),
    field(2, 'env', 'string', REPEATED),
    field(3, 'cwd', 'string'),
    field(4, 'user', 'string'),
    field(
      5,
      'proxyEnv',
      message(() => PROXY_ENV),
      { json: 'proxy_env' },
    ),
    field(
      6,
      'extraHosts',
      message(() => HOST_IP),
      REPEATED,
    ),
    field(7, 'hostname', 'string'),
    field(
      9,
      'ulimit',
      message(() => ULIMIT),
      REPEATED,
    ),
    field(10, 'cgroupParent', 'string'),
    field(11, 'removeMountStubsRecursive', 'bool'),
    field(12, 'validExitCodes', 'int32', REPEATED),
  ],
};

const SECRET_OPT_FIELDS = [
  field(1, 'id', 'string', { json: 'ID' }),
  field(2, 'uid', 'uint32'),
  field(3, 'gid', 'uint32'),
  field(4, 'mode', 'uint32'),
  field(5, 'optional', 'bool'),
];
const SECRET_OPT: MessageType = { name: 'SecretOpt', fields: SECRET_OPT_FIELDS };
const SSH_OPT: MessageType = { name: 'SSHOpt', fields: SECRET_OPT_FIELDS };
const TMPFS_OPT: MessageType = { name: 'TmpfsOpt', fields: [field(1, 'size', 'int64')] };
const CACHE_OPT: MessageType = {
  name: 'CacheOpt',
  fields: [field(1, 'id', 'string', { json: 'ID' }), field(2, 'sharing', { enum: CACHE_SHARING })],
};

const MOUNT: MessageType = {
  name: 'Mount',
  fields: [
    field(1, 'input', 'int64'),
    field(2, 'selector', 'string'),
    field(3, 'dest', 'string'),
    field(4, 'output', 'int64'),
    field(5, 'readonly', 'bool'),
    field(6, 'mountType', { enum: MOUNT_TYPE }),
    field(
      19,
      'tmpfsOpt',
      message(() => TMPFS_OPT),
      { json: 'TmpfsOpt' },
    ),
    field(
      20,
      'cacheOpt',
      message(() => CACHE_OPT),
    ),
    field(
      21,
      'secretOpt',
      message(() => SECRET_OPT),
    ),
    field(
      22,
      'sshOpt',
      message(() => SSH_OPT),
      { json: 'SSHOpt' },
    ),
    field(23, 'resultId', 'string', { json: 'resultID' }),
    field(24, 'contentCache', { enum: CONTENT_CACHE }),
  ],
};

const SECRET_ENV: MessageType = {
  name: 'SecretEnv',
  fields: [
    field(1, 'id', 'string', { json: 'ID' }),
    field(2, 'name', 'string'),
    field(3, 'optional', 'bool'),
  ],
};

const CDI_DEVICE: MessageType = {
  name: 'CDIDevice',
  fields: [field(1, 'name', 'string'), field(2, 'optional', 'bool')],
};

/** `ExecOp` */
export const EXEC_OP: MessageType = {
  name: 'ExecOp',
  fields: [
    field(
      1,
      'meta',
      message(() => META),
    ),
    field(
      2,
      'mounts',
      message(() => MOUNT),
      REPEATED,
    ),
    field(3, 'network', { enum: NET_MODE }),
    field(4, 'security', { enum: SECURITY_MODE }),
    field(
      5,
      'secretEnv',
      message(() => SECRET_ENV),
      { json: 'secretenv', ...REPEATED },
    ),
    field(
      6,
      'cdiDevices',
      message(() => CDI_DEVICE),
      REPEATED,
    ),
  ],
};

const SOURCE_OP: MessageType = {
  name: 'SourceOp',
  fields: [field(1, 'identifier', 'string'), field(2, 'attrs', { map: 'string' })],
};

const BUILD_INPUT: MessageType = { name: 'BuildInput', fields: [field(1, 'input', 'int64')] };
const BUILD_OP: MessageType = {
  name: 'BuildOp',
  fields: [
    field(1, 'builder', 'int64'),
    field(2, 'inputs', { map: () => BUILD_INPUT }),
    field(
      3,
      'def',
      message(() => DEFINITION),
    ),
    field(4, 'attrs', { map: 'string' }),
  ],
};

const OP_INPUT: MessageType = { name: 'MergeInput', fields: [field(1, 'input', 'int64')] };
/** `MergeOp` */
export const MERGE_OP: MessageType = {
  name: 'MergeOp',
  fields: [
    field(
      1,
      'inputs',
      message(() => OP_INPUT),
      REPEATED,
    ),
  ],
};
/** `DiffOp` */
export const DIFF_OP: MessageType = {
  name: 'DiffOp',
  fields: [
    field(
      1,
      'lower',
      message(() => OP_INPUT),
    ),
    field(
      2,
      'upper',
      message(() => OP_INPUT),
    ),
  ],
};

const CONSTRAINTS: MessageType = {
  name: 'WorkerConstraints',
  fields: [field(1, 'filter', 'string', REPEATED)],
};

/** `Op` */
export const OP: MessageType = {
  name: 'Op',
  fields: [
    field(
      1,
      'inputs',
      message(() => INPUT),
      REPEATED,
    ),
    field(
      2,
      'exec',
      message(() => EXEC_OP),
      { oneof: 'Op' },
    ),
    field(
      3,
      'source',
      message(() => SOURCE_OP),
      { oneof: 'Op' },
    ),
    field(
      4,
      'file',
      message(() => FILE_OP),
      { oneof: 'Op' },
    ),
    field(
      5,
      'build',
      message(() => BUILD_OP),
      { oneof: 'Op' },
    ),
    field(
      6,
      'merge',
      message(() => MERGE_OP),
      { oneof: 'Op' },
    ),
    field(
      7,
      'diff',
      message(() => DIFF_OP),
      { oneof: 'Op' },
    ),
    field(
      10,
      'platform',
      message(() => PLATFORM),
    ),
    field(
      11,
      'constraints',
      message(() => CONSTRAINTS),
    ),
  ],
};

const PROGRESS_GROUP: MessageType = {
  name: 'ProgressGroup',
  fields: [field(1, 'id', 'string'), field(2, 'name', 'string'), field(3, 'weak', 'bool')],
};
const EXPORT_CACHE: MessageType = {
  name: 'ExportCache',
  fields: [field(1, 'value', 'bool', { json: 'Value' })],
};

/** `OpMetadata` */
export const OP_METADATA: MessageType = {
  name: 'OpMetadata',
  fields: [
    field(1, 'ignoreCache', 'bool', { json: 'ignore_cache' }),
    field(2, 'description', { map: 'string' }),
    field(
      4,
      'exportCache',
      message(() => EXPORT_CACHE),
      { json: 'export_cache' },
    ),
    field(5, 'caps', { map: 'bool' }),
    field(
      6,
      'progressGroup',
      message(() => PROGRESS_GROUP),
      { json: 'progress_group' },
    ),
  ],
};

const POSITION: MessageType = {
  name: 'Position',
  fields: [field(1, 'line', 'int32'), field(2, 'character', 'int32')],
};
const RANGE: MessageType = {
  name: 'Range',
  fields: [
    field(
      1,
      'start',
      message(() => POSITION),
    ),
    field(
      2,
      'end',
      message(() => POSITION),
    ),
  ],
};
const LOCATION: MessageType = {
  name: 'Location',
  fields: [
    field(1, 'sourceIndex', 'int32'),
    field(
      2,
      'ranges',
      message(() => RANGE),
      REPEATED,
    ),
  ],
};
const LOCATIONS: MessageType = {
  name: 'Locations',
  fields: [
    field(
      1,
      'locations',
      message(() => LOCATION),
      REPEATED,
    ),
  ],
};
const SOURCE_INFO: MessageType = {
  name: 'SourceInfo',
  fields: [
    field(1, 'filename', 'string'),
    field(2, 'data', 'bytes'),
    field(
      3,
      'definition',
      message(() => DEFINITION),
    ),
    field(4, 'language', 'string'),
  ],
};
const SOURCE: MessageType = {
  name: 'Source',
  fields: [
    field(1, 'locations', { map: () => LOCATIONS }),
    field(
      2,
      'infos',
      message(() => SOURCE_INFO),
      REPEATED,
    ),
  ],
};

/** `Definition` */
export const DEFINITION: MessageType = {
  name: 'Definition',
  fields: [
    field(1, 'def', 'bytes', REPEATED),
    field(2, 'metadata', { map: () => OP_METADATA }),
    field(
      3,
      'source',
      message(() => SOURCE),
      { json: 'Source' },
    ),
  ],
};
