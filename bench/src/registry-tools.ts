// SPDX-License-Identifier: MIT
import type { Command } from './command.ts';

/** A program that copies images between a layout folder and a registry. */
export interface TransferTool {
  readonly name: string;
  push(folder: string, reference: string): Command;
  pull(reference: string, folder: string): Command;
}

/** `img copy` of an installed `img`. @param home - for its state folder */
export function imgTool(program: string, home: string): TransferTool {
  const copy = (from: string, to: string): Command => ({
    argv: [program, '--state', `${home}/img-state`, 'copy', from, to],
  });
  return {
    name: 'img',
    push: (folder, reference) => copy(`oci:${folder}:bench`, reference),
    pull: (reference, folder) => copy(reference, `oci:${folder}:bench`),
  };
}

/** `skopeo copy`. */
export function skopeoTool(): TransferTool {
  const copy = (from: string, to: string, insecure: string): Command => ({
    argv: ['skopeo', 'copy', '--quiet', '--insecure-policy', insecure, from, to],
  });
  return {
    name: 'skopeo',
    push: (folder, reference) =>
      copy(`oci:${folder}:bench`, `docker://${reference}`, '--dest-tls-verify=false'),
    pull: (reference, folder) =>
      copy(`docker://${reference}`, `oci:${folder}:bench`, '--src-tls-verify=false'),
  };
}
