// SPDX-License-Identifier: MIT
import { field, type MessageType, message, REPEATED } from './message.ts';

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

/** `FileOp` */
export const FILE_OP: MessageType = {
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
