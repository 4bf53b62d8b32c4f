// SPDX-License-Identifier: MIT

/** A file for an archive that the machine's tar could not make without privileges. */
export interface TarFile {
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Type flag: `0` file, `1` hardlink, `2` symlink, `3` character device, `5` folder. */
  readonly flag?: string;
  readonly target?: string;
  readonly content?: string;
  readonly xattrs?: Readonly<Record<string, Buffer>>;
}

const MTIME = 1_600_000_000;

/** Writes a pax archive of files with fixed times. */
export function writeTar(files: readonly TarFile[]): Buffer {
  return Buffer.concat([...files.flatMap(blocksOf), Buffer.alloc(1024)]);
}

function blocksOf(file: TarFile): readonly Buffer[] {
  const body = Buffer.from(file.content ?? '');
  const records = Object.entries(file.xattrs ?? {}).map(([name, value]) =>
    paxRecord(`SCHILY.xattr.${name}`, value),
  );
  const extended = Buffer.concat(records);
  const pax =
    records.length === 0 ? [] : [header({ path: 'pax', flag: 'x' }, extended.length), padded(extended)];
  return [...pax, header(file, body.length), padded(body)];
}

function header(file: TarFile, size: number): Buffer {
  const { path, mode = 0o644, uid = 0, gid = 0, flag = '0', target = '' } = file;
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(size, 124, 12);
  octal(MTIME, 136, 12);
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(target, 157);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** The length a record begins with counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
