// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { UsageError } from '../../usage-error.ts';
import { readFields } from './key-value-fields.ts';

/** Where the bytes of one secret come from. */
export type SecretSpec =
  | { readonly id: string; readonly type: 'file'; readonly path: string }
  | { readonly id: string; readonly type: 'env'; readonly variable: string };

const KEYS = ['id', 'src', 'source', 'env', 'type'];

/**
 * Reads `id=ID[,src=FILE|env=VARIABLE][,type=file|env]`. Without a source it is the variable of that name when there is
 * one, else the file; `type` says which `src` names.
 *
 * @throws UsageError
 */
export function parseSecretSpec(text: string, env: NodeJS.ProcessEnv): SecretSpec {
  const fields = readFields('secret', text);
  const refuse = (problem: string): never => {
    throw new UsageError(
      `invalid secret ${JSON.stringify(text)}: ${problem}`,
      'write --secret id=ID,src=FILE or id=ID,env=VARIABLE',
    );
  };
  for (const [key, value] of fields) {
    if (!KEYS.includes(key)) refuse(`unexpected key ${JSON.stringify(key)}`);
    if (value === undefined) refuse(`${JSON.stringify(key)} is not key=value`);
  }
  const [id = '', type, variable] = ['id', 'type', 'env'].map((key) => fields.get(key));
  const source = fields.get('src') ?? fields.get('source');
  if (fields.has('src') && fields.has('source')) refuse('src and source are the same key');
  if (id === '') refuse('it has no id');
  if (type !== undefined && type !== 'file' && type !== 'env')
    refuse(`unsupported secret type ${JSON.stringify(type)}`);
  if (variable !== undefined && (source !== undefined || type === 'file'))
    refuse('it comes either from a file or from the environment');
  const named = variable ?? (type === 'env' ? (source ?? id) : undefined);
  if (named !== undefined) return { id, type: 'env', variable: named };
  if (source === undefined && type === undefined && env[id] !== undefined)
    return { id, type: 'env', variable: id };
  return { id, type: 'file', path: resolve(source ?? id) };
}
