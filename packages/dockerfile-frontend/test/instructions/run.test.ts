// SPDX-License-Identifier: MIT

import { cacheMapOf } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import { DIGEST, failure, lower, PATH } from '../lower.ts';

const meta = (args: string, env = JSON.stringify([PATH])): string =>
  `"meta":{"args":${args},"env":${env},"cwd":"/","removeMountStubsRecursive":true}`;

describe('RUN', () => {
  test('shell form is one word for /bin/sh; the op is the one BuildKit makes', async () => {
    const { json, names, ops } = await lower('FROM busybox\nRUN echo "$HOME" \\\n  && true\n');

    expect(names).toEqual([
      `[1/2] FROM docker.io/library/busybox:latest@${DIGEST}`,
      '[2/2] RUN echo "$HOME"   && true',
    ]);
    expect(json('RUN')).toBe(
      `{"inputs":[{"digest":"${ops[0]?.digest}"}],"Op":{"exec":{${meta('["/bin/sh","-c","echo \\"$HOME\\"   \\u0026\\u0026 true"]')},"mounts":[{"dest":"/"}]}},"platform":{"Architecture":"amd64","OS":"linux"},"constraints":{}}`,
    );
  });

  test('exec form is used as it is', async () => {
    const { json, history } = await lower('FROM busybox\nRUN ["/bin/a", "b c"]\n');

    expect(json('RUN')).toContain(meta('["/bin/a","b c"]'));
    expect(history).toEqual(['RUN /bin/a b c # buildkit']);
  });

  test('a heredoc alone is the script of the shell', async () => {
    const { json, names, history } = await lower('FROM busybox\nRUN <<-EOF\n\techo a\n\techo b\nEOF\n');

    expect(json('RUN')).toContain('"args":["/bin/sh","-c","echo a\\necho b\\n"]');
    expect(names.at(-1)).toBe('[2/2] RUN <<-EOF (echo a...)');
    expect(history).toEqual(['RUN /bin/sh -c echo a\necho b\n # buildkit']);
  });

  test('a heredoc with #! becomes a mounted program', async () => {
    const { json, names } = await lower('FROM busybox\nRUN <<EOF\n#!/bin/awk -f\nBEGIN{}\nEOF\n');

    expect(names).toContain('[internal] preparing inline document');
    expect(json('preparing')).toContain(
      '{"mkfile":{"path":"/EOF","mode":493,"data":"IyEvYmluL2F3ayAtZgpCRUdJTnt9Cg==","timestamp":-1}}',
    );
    expect(json('RUN')).toContain('"args":["/bin/sh","-c","/dev/pipes/EOF"]');
    expect(json('RUN')).toContain(
      '{"input":1,"selector":"/","dest":"/dev/pipes/","output":-1,"readonly":true}',
    );
  });

  test('a heredoc in a command is left to the shell', async () => {
    const { json } = await lower('FROM busybox\nRUN cat <<A <<B\n1\nA\n2\nB\n');

    expect(json('RUN')).toContain(
      '"args":["/bin/sh","-c","cat \\u003c\\u003cA \\u003c\\u003cB\\n1\\nA\\n2\\nB"]',
    );
  });

  test('cache, tmpfs, secret and ssh mounts', async () => {
    const { json } = await lower(
      'FROM busybox\nWORKDIR /w\nRUN --mount=type=cache,target=c --mount=type=cache,id=go,target=/g,sharing=locked,mode=0700,uid=7 ' +
        '--mount=type=tmpfs,target=/t,size=1m --mount=type=secret,id=s --mount=type=secret,id=e,env=E,required --mount=type=ssh x\n',
      { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: 'ns' } },
    );
    const run = json('RUN');

    expect(run).toContain('{"input":-1,"dest":"/t","output":-1,"mountType":4,"TmpfsOpt":{"size":1048576}}');
    expect(run).toContain('{"input":-1,"dest":"/w/c","output":-1,"mountType":3,"cacheOpt":{"ID":"ns/c"}}');
    expect(run).toContain(
      '{"input":1,"selector":"/cache","dest":"/g","output":-1,"mountType":3,"cacheOpt":{"ID":"ns/go","sharing":2}}',
    );
    expect(run).toContain(
      '{"input":-1,"dest":"/run/secrets/s","mountType":1,"secretOpt":{"ID":"s","mode":256,"optional":true}}',
    );
    expect(run).toContain(
      '{"input":-1,"dest":"/run/buildkit/ssh_agent.0","mountType":2,"SSHOpt":{"ID":"default","mode":384,"optional":true}}',
    );
    expect(run).toContain('"secretenv":[{"ID":"e","name":"E"}]');
    expect(run).toContain('SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0');
    expect(json('settings cache mount permissions')).toContain(
      '{"mkdir":{"path":"/cache","mode":448,"owner":{"user":{"User":{"byId":7}},"group":{"User":{}}},"timestamp":-1}}',
    );
  });

  test('a bind mount takes from the context, or from a stage', async () => {
    const { json } = await lower(
      'FROM busybox AS a\nFROM busybox\nRUN --mount=target=/src --mount=from=a,src=x/../y,target=/y,rw z\n',
    );

    expect(json('RUN')).toContain('{"input":1,"dest":"/src","output":-1,"readonly":true}');
    expect(json('RUN')).toContain('"selector":"/y","dest":"/y","output":-1}');
    expect(json('load build context')).not.toContain('followpaths');
  });

  test('network and security', async () => {
    const { json } = await lower(
      'FROM busybox\nRUN --network=none --security=insecure a\nRUN --network=default b\n',
      { network: 'host', entitlements: ['security.insecure'] },
    );

    expect(json('RUN --network=none')).toContain('"network":2,"security":1');
    expect(json('RUN --network=default')).not.toContain('"network"');
  });

  test.each([
    ['FROM busybox\nRUN true --network=host\nRUN --network=host x\n', 'network.host', undefined],
    ['FROM busybox\nUSER a\nRUN x\n', 'network.host', 'host' as const],
    ['FROM busybox\nUSER a\nRUN --security=insecure x\n', 'security.insecure', undefined],
  ])('what others do not get has to be allowed: %j', async (text, entitlement, network) => {
    expect(await failure(text, { network, entitlements: ['device'] })).toMatchObject({
      code: 'ENTITLEMENT_MISSING',
      message: `${entitlement} is not allowed`,
      hint: expect.stringContaining(`--allow ${entitlement}`),
      ranges: [{ startLine: 3, endLine: 3 }],
    });
    expect((await lower(text, { network, entitlements: [entitlement] })).names.length).toBeGreaterThan(1);
  });

  test('devices of the build and of the step', async () => {
    const { json, ops } = await lower(
      'FROM busybox\nRUN --device=vendor.com/gpu=all,required --device=name=d x\n',
      {
        devices: [{ name: 'every' }],
      },
    );

    expect(json('RUN')).toContain(
      '"cdiDevices":[{"name":"every"},{"name":"vendor.com/gpu=all"},{"name":"d","optional":true}]',
    );
    expect(ops.at(-1)?.metadata.caps).toHaveProperty(['exec.meta.cdi'], true);
  });

  test('sees ARG and ENV in the order they were set; the history tells the arguments', async () => {
    const { json, history } = await lower('FROM busybox\nARG A=1\nENV E=2\nARG B\nARG A=3\nRUN x\n');

    expect(json('RUN')).toContain(JSON.stringify([PATH, 'E=2', 'A=3']));
    expect(history.at(-1)).toBe('RUN |2 A=3 B= /bin/sh -c x # buildkit');
  });

  test('proxies reach the command but neither its key nor the history', async () => {
    const plain = await lower('FROM busybox\nRUN x\n');
    const proxied = await lower('FROM busybox\nRUN x\n', {
      buildArgs: { Http_Proxy: 'http://p', NO_PROXY: 'n' },
    });
    const key = ({ ops }: typeof plain) =>
      cacheMapOf((ops.at(-1) ?? fail()).op, { os: 'linux', architecture: 'amd64' }).digest;

    expect(proxied.json('RUN')).toContain('"proxy_env":{"http_proxy":"http://p","no_proxy":"n"}');
    expect(key(proxied)).toBe(key(plain));
    expect(proxied.history).toEqual(plain.history);
  });

  test('host facts come from the options', async () => {
    const { json } = await lower('FROM busybox\nRUN x\n', {
      hostname: 'h',
      extraHosts: [{ host: 'db', ip: '10.0.0.1' }],
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      shmSize: 1024,
      cgroupParent: 'c',
    });

    expect(json('RUN')).toContain(
      '"extraHosts":[{"Host":"db","IP":"10.0.0.1"}],"hostname":"h","ulimit":[{"Name":"nofile","Soft":1,"Hard":2}],"cgroupParent":"c"',
    );
    expect(json('RUN')).toContain(
      '{"input":-1,"dest":"/dev/shm","output":-1,"mountType":4,"TmpfsOpt":{"size":1024}}',
    );
  });

  test('a variable that holds a secret is masked in the name', async () => {
    const { names } = await lower(
      'FROM busybox\nRUN --mount=type=secret,id=t,env=TOKEN curl $TOKEN $OTHER\n',
    );

    expect(names.at(-1)).toBe('[2/2] RUN --mount=type=secret,id=t,env=TOKEN curl **** $OTHER');
  });
});

function fail(): never {
  throw new Error('there is no op');
}
