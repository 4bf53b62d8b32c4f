// SPDX-License-Identifier: MIT
import { type EnumType, field, type MessageType, message, REPEATED } from './message.ts';

const NET_MODE: EnumType = { names: ['unset', 'host', 'none'] };
const SECURITY_MODE: EnumType = { names: ['sandbox', 'insecure'] };
const MOUNT_TYPE: EnumType = { names: ['bind', 'secret', 'ssh', 'cache', 'tmpfs'] };
const CONTENT_CACHE: EnumType = { names: ['default', 'on', 'off'] };
const CACHE_SHARING: EnumType = { names: ['shared', 'private', 'locked'] };

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
