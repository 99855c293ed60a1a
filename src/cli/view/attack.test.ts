import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blastRadius } from '#scan/attack/blast.ts';
import { smallestFix } from '#scan/attack/fix/fix.ts';
import { attackPaths } from '#scan/attack/paths.ts';
import { diffThreats } from '#scan/threats/diff.ts';
import { threatModel } from '#scan/threats/threats.ts';
import { attackCaseOf } from '../../../test/fakes/attack.ts';
import { SHOP } from '../../../test/fakes/shop-system.ts';
import { paintWith, width } from '../text.ts';
import { chance, euros, renderBlast, renderPaths } from './attack.ts';
import { renderFix } from './fix.ts';
import { renderThreatDiff, renderThreats } from './threats.ts';

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
`;
const OPEN = SHOP.replace('image: example.com/db:1', 'image: mongo:8');
const paint = paintWith(false);

test('a path is one line a hop: what, how likely, why, and where', () => {
  const { graph } = attackCaseOf([OPEN, INGRESS]);
  assert.deepEqual(renderPaths(attackPaths(graph, { max: 1 }), paint, 140), [
    '1. the internet → shop/db (database)  22,500 EUR = 9 % of 250,000 EUR',
    '   open      shop/web:8080          Ingress shop/web, anyone may call  m1.yaml:4:9',
    '   break in  shop/web         10 %  by a flaw that nobody knows yet  m0.yaml:13:1',
    '   reach     shop/db:5432           no policy stands in between  m0.yaml:69:1',
    '   walk in   data of shop/db  90 %  MongoDB asks nobody for a password unless it is told to  m0.yaml:80:11',
    '',
    '1 path; the worst is expected to cost 22,500 EUR',
    '`cullis fix` gives the smallest change that closes them',
  ]);
  assert.deepEqual(renderPaths([], paint, 80), ['no path leads to a crown jewel']);
});

test('on a narrow terminal places stand below their hop, and no line is too long', () => {
  const { graph } = attackCaseOf([OPEN, INGRESS]);
  const lines = renderPaths(attackPaths(graph, { max: 1 }), paint, 72);
  assert.ok(lines.every((line) => width(line) <= 72));
  assert.deepEqual(lines.slice(1, 5), [
    '   open      shop/web:8080          Ingress shop/web, anyone may call',
    '      m1.yaml:4:9',
    '   break in  shop/web         10 %  by a flaw that nobody knows yet',
    '      m0.yaml:13:1',
  ]);
});

test('blast radius, fix and threats name places and end in figures', () => {
  const world = attackCaseOf([OPEN, INGRESS]);
  const blast = renderBlast(blastRadius(world.graph, 'shop/web')!, paint, 120).join('\n');
  assert.match(blast, /^when shop\/web falls {2}225,000 EUR expected of 250,000 EUR/);
  const { fix } = smallestFix(world.input, world.ports, {}, world.graph);
  const text = renderFix(fix!, paint, 120, (value) => JSON.stringify(value)).join('\n');
  assert.match(text, /^the smallest fix: 1 change\n\n1\. let only shop\/cart call shop\/db \(NetworkPolicy\)/);
  assert.match(text, /paths 2 → 0, 3 of 3 declared flows kept/);
  const model = threatModel(world.input, world.graph);
  assert.match(renderThreats(model, paint, 120).join('\n'), /open, \d+ answered by controls/);
  assert.match(renderThreatDiff(diffThreats(model, model), paint, 120).join('\n'), /0 new, 0 gone, 0 changed/);
});

test('hostile names do not move the cursor', () => {
  const { graph } = attackCaseOf([OPEN, INGRESS]);
  const [path] = attackPaths(graph);
  const hostile = {
    ...path!,
    to: { ...path!.to, label: 'x\u001b[2J' },
    hops: path!.hops.map((hop) => ({ ...hop, to: { ...hop.to, label: 'y\u001b[2J' } })),
  };
  assert.ok(!renderPaths([hostile], paint, 120).join('\n').includes('\u001b'));
});

test('figures as people read them', () => {
  assert.deepEqual([euros(1234.5), euros(0.126), euros(0)], ['1,235 EUR', '0.13 EUR', '0 EUR']);
  assert.deepEqual(
    [chance(0.5), chance(0.05), chance(0.0061), chance(0.0001), chance(0)],
    ['50 %', '5 %', '0.6 %', '1 in 10,000', '0 %'],
  );
});
