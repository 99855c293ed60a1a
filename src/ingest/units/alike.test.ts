import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from '#model/origin.ts';
import { readUnits } from '../units.ts';

const pod = (name: string, more = '', image = 'a:1'): string =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}${more}}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;
const pods = (count: number, word = 'p', more = ''): string =>
  Array.from({ length: count }, (_, i) => pod(`${word}${i}`, more)).join('');
const scaler = (name: string): string =>
  `---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}}\n`;

/** Names of the workloads that are read, and what is told of the others. */
function read(text: string, alikeMax?: number): { readonly names: readonly string[]; readonly told: readonly string[] } {
  const { units, notAnalysed } = readUnits([{ file: 't.yaml', text }], alikeMax === undefined ? {} : { alikeMax });
  return {
    names: units.flatMap(({ system }) => system.workloads.map(({ name }) => name)),
    told: notAnalysed.filter(({ what }) => what === 'alike').map(({ line, count }) => `${line}: ${count}`),
  };
}

test('workloads that are equal but for a number are read up to a bound, and the others are told', () => {
  for (const [what, text, names, told] of [
    ['equal', pods(5), 'p0 p1', ['12: 3']],
    ['as many as the bound', pods(2), 'p0 p1', []],
    ['another word', pods(3) + pods(1, 'db'), 'p0 p1 db0', ['12: 1']],
    ['another image', pods(2) + pod('p8', '', 'b:1') + pod('p9', '', 'c:1'), 'p0 p1 p8 p9', []],
    ['another namespace', pods(2) + pod('p8', ', namespace: x'), 'p0 p1 p8', []],
    ['a label of their own', pods(2) + pod('p8', ', labels: {app: p8}') + pod('p9', ', labels: {app: p8}'), 'p0 p1 p8 p9', []],
    ['a label that is the name', [0, 1, 2, 3].map((i) => pod(`p${i}`, `, labels: {app: p${i}}`)).join(''), 'p0 p1', ['12: 2']],
    ['no number', pod('a') + pod('b') + pod('c'), 'a b c', []],
    ['one that another document names', pods(5) + scaler('p3'), 'p0 p1 p3', ['12: 2']],
    ['one in the name of a host', pods(5) + scaler('db.p4.svc'), 'p0 p1 p4', ['12: 2']],
  ] as const) {
    const found = read(text, 2);
    assert.deepEqual([found.names.join(' '), found.told], [names, told], what);
  }
  assert.equal(read(pods(5)).names.length, 5);
});

test('another object of the same name is looked at', () => {
  const { units } = readUnits([{ file: 't.yaml', text: pods(4) + pod('p0') + pod('p3', '', 'b:2') }], { alikeMax: 2 });
  assert.deepEqual(
    units[0]!.system.workloads.map(({ name, containers }) => `${name} ${containers[0]!.image}`),
    ['p0 a:1', 'p1 a:1', 'p3 b:2'],
  );
});

test('what is taken back stands at its own place, under its own name', () => {
  const text = [0, 1, 2, 3].map((i) => pod(`p${i}`, `, labels: {app: p${i}}`)).join('') + scaler('p3');
  const { units } = readUnits([{ file: 't.yaml', text }], { alikeMax: 1 });
  const workload = units[0]!.system.workloads.find(({ name }) => name === 'p3')!;
  assert.deepEqual(workload.labels, { app: 'p3' });
  assert.deepEqual(originOf(workload.resource, ['metadata', 'name']), { file: 't.yaml', line: 19, column: 12 });
});
