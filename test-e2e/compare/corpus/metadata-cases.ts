// SPDX-License-Identifier: MIT
import type { BuildCase } from './build-case.ts';

/** Instructions that only change the config, and how words are expanded. */
export const metadataCases: readonly BuildCase[] = [
  {
    name: 'every instruction that sets the config',
    dockerfile: String.raw`FROM BASE
MAINTAINER Jane Doe <jane@example.com>
LABEL plain=value "quoted key"="quoted value" esc="a \"b\" c" multi="one \
two" com.example.path=C:\\dir
LABEL old style
LABEL empty=
ENV one=1 two="2 2" three=3\ 3
ENV old form with   spaces
EXPOSE 80 443/tcp 53/udp 8000-8002
VOLUME /data /logs
VOLUME ["/json data", "/two"]
STOPSIGNAL SIGKILL
USER app:staff
ENTRYPOINT ["/bin/echo", "a b", "\"q\""]
CMD echo $one && true
HEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=4 CMD wget -q localhost || exit 1
ONBUILD RUN echo triggered
ONBUILD COPY . /app
`,
  },
  {
    name: 'the other forms: SHELL, exec and shell forms, HEALTHCHECK in JSON',
    dockerfile: String.raw`FROM BASE
SHELL ["/bin/sh", "-e", "-c"]
RUN echo "from $0" > /shell
ENTRYPOINT exec top -b
CMD ["-d", "1"]
HEALTHCHECK CMD ["true", "x y"]
STOPSIGNAL 9
USER 1000
`,
  },
  {
    name: 'a CMD of the base goes with a new ENTRYPOINT, HEALTHCHECK NONE stays',
    dockerfile: 'FROM BASE\nHEALTHCHECK NONE\nENTRYPOINT ["/bin/sh"]\nUSER nobody\nUSER root\n',
  },
  {
    name: 'expansion of variables',
    dockerfile: braces(String.raw`FROM BASE
ENV a=alpha b=\$a c='$a' d="$a" e=$a$a f=%{a}x
ENV g=%{none:-default} h=%{a:+set} i=%{none:+set} j=%{a:-no} k="%{none:-$a}"
ENV a=changed l=$a
ENV m=$a n=\%{a} o="it's" p='say "x"'
ENV q $a with "quotes" 'single $a'
WORKDIR /w/$a/%{none:-rest}
LABEL where="$a/$b" single='$a'
EXPOSE %{port:-8080}/tcp
VOLUME /v/$a
USER %{user:-app}
STOPSIGNAL %{sig:-SIGINT}
ONBUILD ENV late=$a
CMD echo $a
RUN env | sort | grep -v -e HOSTNAME -e SHLVL > /tmp/env; echo "$a" '$a' >> /tmp/env
`),
  },
  {
    name: 'build arguments: global, default, overridden, unset, predefined',
    dockerfile: braces(String.raw`ARG NAME=BASE
ARG VERSION=1.0
FROM %{NAME}
ARG VERSION
ARG GIVEN=no
ARG LOCAL="with space"
ARG UNSET
RUN echo "$VERSION $GIVEN $LOCAL [$UNSET] $HTTP_PROXY" > /args
ENV VERSION=v$VERSION
RUN echo $VERSION >> /args
LABEL version=$VERSION given=$GIVEN
`),
    args: [
      '--build-arg',
      'GIVEN=yes',
      '--build-arg',
      'HTTP_PROXY=http://127.0.0.1:9',
      '--label',
      'extra=from=flag',
    ],
  },
  {
    name: 'chains of WORKDIR',
    dockerfile: String.raw`FROM BASE
WORKDIR /a/
WORKDIR b
WORKDIR ../c/./d
WORKDIR /etc
ENV dir=deep/er
WORKDIR $dir
RUN pwd > out
USER app
WORKDIR /home/app/own
WORKDIR "/with space"
USER 1234:4321
WORKDIR /numeric/path
`,
  },
  {
    name: 'how lines are read: escapes, continuations, comments, case',
    dockerfile: [
      '# escape=`',
      '# a comment',
      '',
      'from BASE as Stage',
      'RUN echo one `',
      '  # inside',
      '',
      '  && echo two > /lines',
      'env A=b`c',
      'label x="y `',
      'z"',
      '   copy   Dockerfile   /copied',
      '',
      'Cmd [ "a" , "b" ]',
      '',
    ].join('\n'),
  },
  {
    name: 'the user of the steps that follow',
    dockerfile: `FROM BASE
USER app
RUN id -u > /tmp/id; id -g >> /tmp/id; echo $HOME >> /tmp/id
USER 1000:50
RUN id -u >> /tmp/id; id -g >> /tmp/id; touch /tmp/mine
USER 4242
RUN id -u >> /tmp/id2
USER nobody:nogroup
RUN touch /tmp/nobody
`,
  },
];

/** `%{` stands for `${`, which a template would expand. */
function braces(text: string): string {
  return text.replaceAll('%{', '${');
}
