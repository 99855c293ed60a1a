import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '#model/finding.ts';
import { attackCaseOf } from '../../../test/fakes/attack.ts';
import { SHOP } from '../../../test/fakes/shop-system.ts';
import { withoutFacts } from './builder.ts';
import { lossOf, riskOf } from './loss.ts';
import { Onward } from './onward.ts';
import { likeliest } from './search.ts';

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;
const OPEN = SHOP.replace('- name: main\n          image: example.com/db:1', '- name: main\n          image: mongo:8');

function finding(code: string, subject: string, more: Partial<Finding> = {}): Finding {
  return { id: `${code} ${subject}`, code, severity: 'high', title: code, message: '', references: [], subject, ...more };
}

test('findings are ranked by what they change, not by their own severity', () => {
  const { graph } = attackCaseOf([OPEN, INGRESS], {
    vulnerabilities: [{ workload: 'shop/web', id: 'CVE-2026-1234', severity: 'high', kev: true }],
  });
  const findings = [
    finding('pod.resources', 'Deployment shop/web', { severity: 'critical' }),
    finding('network.no-policy', 'Deployment shop/web'),
    finding('network.no-policy', 'Deployment shop/db', { severity: 'low' }),
    finding('vulnerability.known', 'pkg:npm/parser@1', { title: '`parser` has CVE-2026-1234' }),
  ];
  const ranked = riskOf(findings, graph);
  assert.deepEqual(
    ranked.map(({ finding: { code, subject } }) => `${code} ${subject}`),
    [
      'network.no-policy Deployment shop/db',
      'vulnerability.known pkg:npm/parser@1',
      'pod.resources Deployment shop/web',
      'network.no-policy Deployment shop/web',
    ],
  );
  assert.deepEqual(ranked[0]!.facts, ['open:shop/db']);
  const whole = lossOf(graph);
  assert.ok(Math.abs(ranked[0]!.risk - (whole - lossOf(withoutFacts(graph, new Set(['open:shop/db']))))) < 1e-6);
  assert.equal(ranked[2]!.risk, 0);
});

test('a finding at the place of a fact is tied to it whatever its code is', () => {
  const yaml =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: shop }\nspec: { containers: [{ name: main, image: x, securityContext: { privileged: true } }] }';
  const { graph } = attackCaseOf([SHOP, yaml]);
  const [row] = riskOf([finding('house.rule', 'Pod shop/p', { path: 'spec.containers[0].securityContext' })], graph, 'shop/p');
  assert.deepEqual(row!.facts, ['escape:shop/p:privileged:main']);
  assert.ok(row!.risk > 0);
});

test('searching backwards and forwards agree', () => {
  const { graph } = attackCaseOf([OPEN, INGRESS]);
  const onward = new Onward(graph);
  for (const [n] of graph.nodes.entries()) {
    const { probability } = likeliest(graph, n);
    const sum = graph.jewels.reduce((total, jewel) => total + probability[jewel]! * graph.nodes[jewel]!.asset!.value, 0);
    assert.ok(Math.abs(onward.loss(n) - sum) < 1e-6);
  }
});
