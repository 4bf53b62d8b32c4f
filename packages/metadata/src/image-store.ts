// SPDX-License-Identifier: MIT
import type { Clock, ImageRecord, ImageStore } from '@img-build/interfaces';
import type { Descriptor } from '@img-build/oci';
import type { Connection, Row } from './connection.ts';

/** Image names as rows of `images`. */
export function createImageStore(connection: Connection, clock: Clock): ImageStore {
  const get = (name: string): ImageRecord | undefined => {
    const row = connection.get('SELECT * FROM images WHERE name = ?', name);
    return row === undefined ? undefined : imageFrom(row);
  };
  return {
    get,
    put(name, target) {
      const now = clock();
      const row = connection.get(
        `INSERT INTO images (name, target, created_at, updated_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET target = excluded.target, updated_at = excluded.updated_at RETURNING *`,
        name,
        JSON.stringify(target),
        now,
        now,
      );
      return imageFrom(row as Row);
    },
    remove: (name) => connection.run('DELETE FROM images WHERE name = ?', name) > 0,
    list: () => connection.all('SELECT * FROM images ORDER BY name').map(imageFrom),
  };
}

function imageFrom(row: Row): ImageRecord {
  return {
    name: row['name'] as string,
    target: JSON.parse(row['target'] as string) as Descriptor,
    createdAt: row['created_at'] as number,
    updatedAt: row['updated_at'] as number,
  };
}
