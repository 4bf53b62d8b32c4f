// SPDX-License-Identifier: MIT
import type { BuildCase } from './build-case.ts';

const ARCHIVES = `mkdir -p in/d/e; echo x > in/d/x; echo y > in/d/e/y; ln -s x in/d/link; ln in/d/x in/d/hard; chmod 750 in/d/e; chmod 4711 in/d/e/y
T="tar --mtime=@1500000000 --owner=12 --group=34 --numeric-owner --sort=name -C in"
$T -cf plain.tar d; $T -czf z.tar.gz d; $T -cjf z.tar.bz2 d; $T -cJf z.tar.xz d; $T -czf odd-name d
$T --format=pax -cf pax.tar ./d; printf 'no archive' > fake.tar.gz; echo single > single; gzip -n single; rm -r in`;

/** Archives, stages, and what commands change. */
export const stageCases: readonly BuildCase[] = [
  {
    name: 'archives',
    prepare: ARCHIVES,
    dockerfile: `FROM BASE
ADD plain.tar /plain
ADD z.tar.gz /gz/
ADD z.tar.bz2 /bz2/
ADD z.tar.xz /xz
ADD odd-name /odd/
ADD pax.tar .
ADD fake.tar.gz /fake/
ADD single.gz /single
COPY plain.tar /copied/
ADD --chown=app:staff fake.tar.gz /owned/
ADD plain.tar fake.tar.gz /both/
ADD *.bz2 /wild/
`,
  },
  {
    name: 'stages by name, number and image',
    files: { src: 's\n', 'd/f': 'f\n' },
    dockerfile: `FROM BASE AS build
WORKDIR /out
COPY src .
RUN mkdir -p x/y && echo made > x/y/made && chmod 640 x/y/made && chown -R app:staff x && ln -s y x/link && ln src hard && touch -d @1500000000 x/y/made src
FROM build AS unused
RUN exit 1
FROM BASE as second
COPY --from=build /out/x /x
COPY --from=0 /out/src /out/hard /srcs/
COPY d /d
FROM scratch
COPY --from=second /x /x
COPY --from=build --chown=77 /out/x/link/made /made
COPY --from=BASE /etc/group /group
COPY --from=second /srcs/* /star/
COPY --from=build /out/x/link /link
ENV last=1
`,
  },
  {
    name: 'a target stage',
    files: { f: 'f' },
    dockerfile: 'FROM BASE AS one\nCOPY f /one\nENV s=1\nFROM one AS two\nRUN exit 3\n',
    args: ['--target', 'one'],
  },
  {
    name: 'what commands remove and replace',
    files: { 'd/a': 'a', 'd/b': 'b', 'd/s/c': 'c', f: 'f', g: 'g', 'e/only': 'o' },
    dockerfile: `FROM BASE
COPY . /w
WORKDIR /w
RUN rm f && rm -r d/s
RUN rm -r e && mkdir e && echo other > e/new
RUN rm -r d && echo file > d
RUN rm g && mkdir -p g/h
RUN chmod 600 Dockerfile && chown 3:4 e
RUN mv e moved && mv moved/new moved/newer
RUN ln moved/newer hard && ln -s hard soft && mkfifo pipe
RUN echo again >> hard
RUN touch -d @1500000000 soft hard
RUN true
RUN mkdir x && rmdir x
RUN rm -rf /w/moved /w/g
`,
  },
  {
    name: 'mounts of a command',
    files: { 'd/a': 'a', f: 'f' },
    dockerfile: `FROM BASE AS one
RUN echo 1 > /one
FROM BASE
RUN mkdir -p /ctx /mnt /cache /scratch /d && touch /mnt/one
RUN --mount=type=bind,target=/ctx cp /ctx/f /f
RUN --mount=type=bind,from=one,source=/one,target=/mnt/one cat /mnt/one > /one
RUN --mount=type=cache,target=/cache,id=x echo 1 > /cache/x && cp /cache/x /x
RUN --mount=type=tmpfs,target=/scratch echo 1 > /scratch/x
RUN --mount=type=bind,source=d,target=/d,rw echo 2 > /d/b && ls /d > /ls
`,
  },
  {
    name: 'triggers of the base',
    files: { f: 'f', 'd/x': 'x' },
    dockerfile: 'FROM ONBUILD\nRUN cat /triggered > /seen\nENV after=1\n',
  },
  {
    name: 'a stage on a stage with triggers',
    files: { f: 'f' },
    dockerfile:
      'FROM BASE AS parent\nONBUILD COPY f /f\nONBUILD ENV from=parent\nWORKDIR /p\nFROM parent\nRUN cat /f > g\n',
  },
];
