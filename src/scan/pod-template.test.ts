import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSystem } from '#ingest/read.ts';
import { findingOf } from './rule.ts';
import { contextOf } from '../../test/fakes/scan.ts';
import { podTemplates } from './pod-template.ts';
import { POD_RULES } from './rules/pod.ts';
import { SECRETS_CONFIG_RULES } from './rules/secrets-config.ts';
import { TLS_RULES } from './rules/tls.ts';

const COMPOSE = `services:
  agent:
    image: agent:1.0.0
    privileged: true
    pid: host
    network_mode: host
    cap_add: [CAP_SYS_ADMIN]
    security_opt: ["seccomp:unconfined"]
    volumes:
      - ./own:/own
      - /var/run/docker.sock:/var/run/docker.sock
`;

test('a Compose service is judged by the same rules, at its own lines', () => {
  const { system } = readSystem([{ file: 'compose.yaml', text: COMPOSE }]);
  const context = { ...contextOf(''), system };
  const found = POD_RULES.flatMap((rule) => [...rule.check(context)].map((hit) => findingOf(rule, hit)));
  assert.deepEqual(
    found.map(({ code, severity, location }) => `${severity} ${code} ${location?.line}`),
    ['high pod.privileged 4', 'high pod.host-namespaces 6', 'high pod.host-path 11', 'medium pod.unconfined 8'],
  );
});

test('variables and arguments of a Compose service are looked into, at their own lines', () => {
  const text = `services:
  web:
    image: web:1.0.0
    entrypoint: [sh, --password=tr0ub4dor1]
    command: [--password=tr0ub4dor2]
    environment:
      DB_PASSWORD: tr0ub4dor3
      FROM_OUTSIDE:
      DB: postgres://u@db/x?sslmode=disable
`;
  const { system } = readSystem([{ file: 'compose.yaml', text }]);
  const context = { ...contextOf(''), system };
  const found = [...SECRETS_CONFIG_RULES, ...TLS_RULES].flatMap((rule) =>
    [...rule.check(context)].map((hit) => findingOf(rule, hit)),
  );
  assert.deepEqual(
    found.map(({ code, location }) => `${code} ${location?.line}`),
    ['secrets-config.env-literal 7', 'secrets-config.argument 4', 'secrets-config.argument 5', 'tls.database-plain 9'],
  );
  assert.doesNotMatch(JSON.stringify(found), /tr0ub4dor/);
});

test('templates of every workload kind lead back to their document', () => {
  const context = contextOf(
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {a: own}}\nspec: {containers: [{name: c, image: "c:1"}]}\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, annotations: {a: outer}}\nspec: {selector: {matchLabels: {x: z}}, template: {metadata: {labels: {x: z}, annotations: {a: inner}}, spec: {containers: [{name: c, image: "c:1"}]}}}\n',
  );
  assert.deepEqual(
    podTemplates(context.system).map(({ pod, at }) => [pod.annotations['a'], at(['spec', 'containers', 0]).join('.')]),
    [
      ['own', 'spec.containers.0'],
      ['inner', 'spec.template.spec.containers.0'],
    ],
  );
});
