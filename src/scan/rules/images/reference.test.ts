import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTags, parseImage, tagKind } from './reference.ts';
import type { TagKind } from './reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

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
