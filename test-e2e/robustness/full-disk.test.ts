// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runsAsRoot } from '../support/identity.ts';
import { run } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, img } = testRun();

/** Fills a small disk of its own to the last byte, prunes, and builds again. */
const SCRIPT = `
mount -t tmpfs -o size=40m,mode=777 tmpfs "$DISK"
img() { $DROP "$IMG" -s "$DISK/state" "$@"; }
free() { stat -f -c %a "$DISK"; }
img build -q -t full:1 "$CONTEXT" >/dev/null
img rm full:1 >/dev/null
cat /dev/zero >"$DISK/filler" 2>/dev/null || true
echo "free before: $(free)"
img build -q -t never:1 --no-cache "$CONTEXT" 2>&1 || echo "refused: $?"
img prune
echo "free after: $([ "$(free)" -gt 1000 ] && echo much || free)"
img ls
test ! -e "$DISK/state/reserve" && echo "nothing to reserve for"
rm "$DISK/filler"
img build -q -t again:1 "$CONTEXT" >/dev/null
test -s "$DISK/state/reserve" && echo "reserved again"
img prune >/dev/null
test -s "$DISK/state/reserve" && echo "still reserved"
`;

describe.each(identities)('a disk without a free byte, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('is pruned, and serves the next build', async () => {
    const disk = join(work.folder, 'disk');
    mkdirSync(disk);
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN head -c 12000000 /dev/urandom >/data\n`,
    });
    const { uid, gid, home, user } = identity;
    // A user mounts in a namespace where the user is root; root drops to whom it tests as.
    const namespace = runsAsRoot ? ['-m'] : ['--user', '--map-root-user', '--map-auto', '--mount'];
    const drop = runsAsRoot ? `setpriv --reuid=${uid} --regid=${gid} --clear-groups --` : '';

    const { code, stdout, stderr } = await run('unshare', [...namespace, 'sh', '-ec', SCRIPT], {
      env: { HOME: home, USER: user, DISK: disk, IMG: img, CONTEXT: context, DROP: drop },
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'free before: 0',
        'refused: 1',
        'Free disk space, for example with "img prune".',
        'free after: much',
        'nothing to reserve for',
        'reserved again',
        'still reserved',
      ]),
    );
    expect(stdout).toMatch(/ mount \/ from exec \/bin\/sh -c head -c 12000000/);
    expect(stdout).toMatch(/^Reclaimed: +[12]\d\.\d+MiB$/m);
    expect(stdout).not.toContain('never');
  });
});
