import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits, systemOf } from '../../../test/fakes/scan.ts';
import { IMAGE_RULES } from './images.ts';
import { versionsAcross } from './images/across-units.ts';
import { compareTags, parseImage, tagKind } from './images/reference.ts';
import type { TagKind } from './images/reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const pod = (image: string, namespace = 'shop', name = 'cart', more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {containers: [{name: c, image: "${image}"${more}}]}\n---\n`;

test('references', () => {
  for (const [text, want] of [
    ['nginx', ['docker.io', 'library/nginx', undefined, undefined]],
    ['team/cart:1.2', ['docker.io', 'team/cart', '1.2', undefined]],
    ['registry.example.com:5000/a/b/cart', ['registry.example.com:5000', 'a/b/cart', undefined, undefined]],
    ['localhost/cart:1', ['localhost', 'cart', '1', undefined]],
    [`ghcr.io/a/b:1@${DIGEST}`, ['ghcr.io', 'a/b', '1', DIGEST]],
    [`a/b@${DIGEST}`, ['docker.io', 'a/b', undefined, DIGEST]],
  ] as const) {
    const found = parseImage(text);
    assert.deepEqual([found?.registry, found?.repository, found?.tag, found?.digest], want, text);
  }
  for (const text of ['', ' ', '{{ .Values.image }}', '${IMAGE}', 'a b', 'x'.repeat(2000)])
    assert.equal(parseImage(text), undefined, text);
});

test('what tags promise', () => {
  const rows: Readonly<Record<TagKind, readonly string[]>> = {
    version: ['1.2.3', 'v1.2.3', '1.2.3-alpine', '1.2.3-rc.1', '2024.11.3', 'jre17-1.2.3', '1.2.3.4', `latest@${DIGEST}`],
    build: [
      '3f2c1ab',
      'sha-3f2c1ab9',
      'main-3f2c1ab',
      '20241103',
      '2024-11-03',
      'RELEASE.2024-11-03T10-00-00Z',
      'build-77',
      '123456',
    ],
    partial: ['1', 'v1', '1.2', '1.2-alpine', '2024'],
    moving: ['main', 'stable', 'alpine', 'prod', 'edge', 'release'],
    latest: ['latest'],
    none: [''],
  };
  for (const [kind, tags] of Object.entries(rows)) {
    for (const tag of tags) assert.equal(tagKind(parseImage(tag === '' ? 'a/b' : `a/b:${tag}`)!), kind, tag);
  }
  assert.ok(compareTags('1.2.3', '1.10.0') < 0);
  assert.equal(compareTags('main', 'stable'), 0);
});

test('images that move, differ or cannot be trusted', () => {
  for (const [yaml, want] of [
    [pod('r.example.com/cart:1.2.3'), ''],
    [pod('r.example.com/cart'), 'medium image.tag'],
    [pod('cart'), 'low image.tag'],
    [pod('redis', 'shop', 'redis'), 'medium image.tag'],
    [pod('basket'), 'medium image.tag'],
    [pod('r.example.com/cart:latest'), 'medium image.tag'],
    ['services: {cart: {image: "r.example.com/cart:latest"}}', 'medium image.tag'],
    ['services: {cart: {image: "r.example.com/cart:latest", build: .}}', 'low image.tag'],
    [pod('r.example.com/cart:main') + pod('r.example.com/cart:1.3.0', 'edge-2'), 'medium image.tag'],
    [pod('r.example.com/cart:main'), 'medium image.tag'],
    [pod('r.example.com/cart:1.2'), 'low image.tag'],
    [pod('r.example.com/cart:1.2', 'shop-prod'), 'medium image.tag'],
    [pod('r.example.com/cart:3f2c1ab'), 'info image.tag'],
    [pod('auto'), ''],
    [pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.3.0', 'edge-2'), 'medium image.versions'],
    [pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.2.3-alpine', 'edge-2'), ''],
    [pod('r.example.com/cart:1.2.3') + pod('r.example.com/cart:1.3.0', 'shop', 'cart-canary'), ''],
    [pod('r.example.com/cart:1.2.3', 'shop-staging') + pod('r.example.com/cart:1.3.0', 'shop-prod'), ''],
    [pod('k8s.gcr.io/pause:3.2.0'), 'low image.registry'],
    [pod('10.0.0.5:5000/cart:1.2.3'), 'low image.registry'],
  ] as const) {
    const found = IMAGE_RULES.flatMap((each) => hits(each, yaml)).map(({ severity, code }) => `${severity} ${code}`);
    assert.equal(found.join(', '), want, yaml);
  }
});

test('one service at different versions in systems that are deployed apart', () => {
  const unit = (name: string, tag: string): { name: string; system: ReturnType<typeof systemOf> } => ({
    name,
    system: systemOf(pod(`r.example.com/cart:${tag}`)),
  });
  for (const [units, want] of [
    [[unit('clusters/eu', '1.2.3'), unit('clusters/us', '1.3.0')], 1],
    [[unit('clusters/eu', '1.2.3'), unit('clusters/us', '1.2.3')], 0],
    [[unit('overlays/staging', '1.3.0'), unit('overlays/prod', '1.2.3')], 0],
    [[unit('prod/eu', '1.3.0'), unit('prod/us', '1.2.3')], 1],
  ] as const) {
    assert.equal(versionsAcross(units).length, want, units.map(({ name }) => name).join(' '));
  }
});
