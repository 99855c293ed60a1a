// TLS in the configuration files of nginx and Envoy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NGINX } from '#ingest/proxies/format.ts';
import { nginxDirectives } from '#ingest/proxies/nginx.ts';
import { hitsInFiles } from '../../../../test/fakes/scan-files.ts';
import { weakSettings } from './weak-settings.ts';

const listener = (parameters: string): string =>
  `static_resources: {listeners: [{filter_chains: [{transport_socket: {typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, common_tls_context: {tls_params: ${parameters}}}}}]}]}`;

test('nginx: weak versions and suites stand at their line', () => {
  const text =
    '# ssl_protocols SSLv3;\nserver {\n  listen 443 ssl;\n  ssl_protocols TLSv1\n    TLSv1.2;\n  ssl_ciphers "DES-CBC3-SHA";\n}\n';
  const found = hitsInFiles(weakSettings, { 'nginx.conf': text });
  assert.deepEqual(
    found.map(({ severity, location }) => [severity, location?.line]),
    [
      ['medium', 4],
      ['medium', 6],
    ],
  );
  assert.deepEqual(hitsInFiles(weakSettings, { 'nginx/conf.d/a.conf': 'ssl_protocols TLSv1.2 TLSv1.3;' }), []);
  assert.equal(NGINX.matches('postgres/a.conf'), false);
});

test('nginx: directives of blocks, quotes and variables', () => {
  assert.deepEqual(
    nginxDirectives('a { b "c;d" ${x}y; }\ne \'f\n\' g').map(({ name, args, line }) => [name, ...args, line]),
    [
      ['a', 1],
      ['b', 'c;d', '${x}y', 1],
    ],
  );
});

test('Envoy: versions that a listener lets in', () => {
  const found = hitsInFiles(weakSettings, { 'envoy.yaml': listener('{tls_minimum_protocol_version: TLSv1_1}') });
  assert.deepEqual(
    found.map(({ severity }) => severity),
    ['medium'],
  );
  assert.deepEqual(hitsInFiles(weakSettings, { 'envoy.yaml': listener('{tls_minimum_protocol_version: TLSv1_2}') }), []);
});
