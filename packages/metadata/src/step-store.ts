// SPDX-License-Identifier: MIT
import type { StepQuery, StepStore, StoredStep } from '@img-build/interfaces';
import type { Connection, Row } from './connection.ts';

/** How many earlier states of a step are looked at. */
const MAX_CANDIDATES = 16;
/** How many states of one place are kept. */
const MAX_STATES = 8;
/** Bytes of descriptions and of files that are kept of all steps, and of those that were pruned. */
const [MAX_BYTES, MAX_PRUNED_BYTES] = [16 * 1024 * 1024, 160 * 1024];

const COLUMNS =
  'id, project, dockerfile, place, instruction, key, fingerprint, description, failed, at, pruned_at';

/** Steps as rows of `steps`. */
export function createStepStore(connection: Connection, clock: () => number): StepStore {
  /** Of the newest rows that `filter` chooses, so much stays that all of it together is no more than `limit` bytes. */
  function drop(filter: string, limit: number): void {
    connection.run(
      `DELETE FROM steps WHERE id IN (
        SELECT id FROM (
          SELECT id, sum(length(description) + coalesce(length(files), 0) + 300) OVER (ORDER BY at DESC, id DESC) AS total
          FROM steps WHERE ${filter}
        ) WHERE total > ?
      )`,
      limit,
    );
  }

  return {
    candidates: ({ project, dockerfile, place, instruction }) =>
      connection
        .all(
          `SELECT ${COLUMNS} FROM steps WHERE (project = ? OR dockerfile = ?) AND (instruction = ? OR place = ?)
            ORDER BY at DESC, id DESC LIMIT ${MAX_CANDIDATES}`,
          project,
          dockerfile,
          instruction,
          place,
        )
        .map(stepFrom),
    byKey(key) {
      const row = connection.get(`SELECT ${COLUMNS} FROM steps WHERE key = ? ORDER BY at DESC LIMIT 1`, key);
      return row && stepFrom(row);
    },
    filesOf(id) {
      const files = connection.get('SELECT files FROM steps WHERE id = ?', id)?.['files'];
      return files instanceof Uint8Array ? files : undefined;
    },
    unknown(project, keys) {
      const rows = connection.all(
        'SELECT value FROM json_each(?) WHERE value NOT IN (SELECT key FROM steps WHERE project = ?)',
        JSON.stringify(keys),
        project,
      );
      return new Set(rows.map((row) => row['value'] as string));
    },
    knowsProject: ({ project, dockerfile }: Pick<StepQuery, 'project' | 'dockerfile'>) =>
      connection.get(
        'SELECT 1 FROM steps WHERE project = ? OR dockerfile = ? LIMIT 1',
        project,
        dockerfile,
      ) !== undefined,
    put(steps) {
      const now = clock();
      connection.transaction(() => {
        for (const step of steps) {
          connection.run(
            `INSERT OR REPLACE INTO steps
              (project, dockerfile, place, instruction, key, fingerprint, description, failed, at, files)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            step.project,
            step.dockerfile,
            step.place,
            step.instruction,
            step.key,
            step.fingerprint,
            step.description,
            step.failed ? 1 : 0,
            now,
            step.files ?? null,
          );
          connection.run(
            `DELETE FROM steps WHERE project = ? AND place = ? AND id NOT IN (
              SELECT id FROM steps WHERE project = ? AND place = ? ORDER BY at DESC, id DESC LIMIT ${MAX_STATES}
            )`,
            step.project,
            step.place,
            step.project,
            step.place,
          );
        }
        drop('true', MAX_BYTES);
      });
    },
    markPruned(at) {
      connection.transaction(() => {
        const marked = connection.run(
          `UPDATE steps SET pruned_at = ? WHERE pruned_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM cache_results WHERE cache_results.key = steps.key)`,
          at,
        );
        if (marked === 0) return;
        connection.run(
          `UPDATE steps SET files = NULL WHERE id IN (
            SELECT id FROM (
              SELECT id, sum(length(files)) OVER (ORDER BY at DESC, id DESC) AS total
              FROM steps WHERE pruned_at IS NOT NULL AND files IS NOT NULL
            ) WHERE total > ?
          )`,
          MAX_PRUNED_BYTES / 2,
        );
        drop('pruned_at IS NOT NULL', MAX_PRUNED_BYTES);
      });
    },
  };
}

function stepFrom(row: Row): StoredStep {
  const text = (column: string): string => row[column] as string;
  const prunedAt = row['pruned_at'];
  return {
    id: row['id'] as number,
    project: text('project'),
    dockerfile: text('dockerfile'),
    place: text('place'),
    instruction: text('instruction'),
    key: text('key'),
    fingerprint: text('fingerprint'),
    description: text('description'),
    failed: row['failed'] === 1,
    at: row['at'] as number,
    prunedAt: typeof prunedAt === 'number' ? prunedAt : undefined,
  };
}
