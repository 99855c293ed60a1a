// A request that cannot be written must fail by itself, wherever it is written from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http2App } from '../../test/fakes/http2.ts';
import { call, routeRule, startMesh } from '../../test/fakes/mesh.ts';

test('proxy-hardening 63: a header that cannot be written fails its request, also when it is sent again, and the worker goes on', async () => {
  const app = await http2App((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  const change = { set: [{ name: 'X-A', value: 'a\r\nb' }], add: [], remove: [] };
  const mesh = await startMesh(app.port, {
    http2: true,
    rules: (cluster) => [
      routeRule('shop/broken', cluster, {
        matches: [{ path: { type: 'PathPrefix', value: '/broken' }, headers: [], queryParams: [] }],
        filters: [{ type: 'RequestHeaderModifier', change }],
      }),
      routeRule('shop/rest', cluster),
    ],
  });
  try {
    for (let i = 0; i < 3; i++) assert.ok((await call(mesh.gateway, { path: '/broken' })).status >= 500);
    assert.equal((await call(mesh.gateway, { path: '/fine' })).status, 200);
  } finally {
    await mesh.close();
    await app.close();
  }
});
