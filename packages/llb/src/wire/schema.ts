// SPDX-License-Identifier: MIT
import { EXEC_OP } from './exec-messages.ts';
import { FILE_OP } from './file-messages.ts';
import { field, type MessageType, message, REPEATED } from './message.ts';

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
