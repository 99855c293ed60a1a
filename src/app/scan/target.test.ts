import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isImage } from './target.ts';

test('a word that is no path is an image only where it cannot be a path that is missing', () => {
  const images = [
    'nginx:1.27',
    'library/nginx:1.27.3-alpine',
    'registry.example.com/shop/cart',
    'registry.example.com:5000/shop/cart:2.0',
    '127.0.0.1:5000/shop/cart',
    'localhost/cart',
    `shop/cart@sha256:${'a'.repeat(64)}`,
  ];
  const paths = [
    'deploy',
    'deploy/production',
    'images/shop.tar',
    'shop.tar',
    './shop:1',
    '/tmp/shop:1',
    '../a/b',
    'Deploy/x:1 2',
    '',
  ];
  for (const word of images) assert.equal(isImage(word, '/', false), true, word);
  for (const word of paths) assert.equal(isImage(word, '/', false), false, word);
});
