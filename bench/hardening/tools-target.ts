// The same gateway for tools that others wrote, with a listener of TLS beside the plain one. Prints its ports as JSON; ends with its standard input.
import { gatewayKind, startGateway, tlsSecret } from '../../test/fakes/gateway.ts';
import { startApp } from '../../test/fakes/mesh.ts';
import { pair, publicCa } from '../../test/fakes/serving.ts';

const LARGE = Buffer.alloc(4 * 1024 * 1024, 'a');
const app = await startApp((request, response) => {
  request.resume().on('end', () => response.end(request.url === '/large' ? LARGE : 'ok'));
});
const gateway = await startGateway({
  apps: { web: app.port },
  manifests: [
    tlsSecret('site', pair(publicCa(), ['shop.example', 'localhost'])),
    gatewayKind(
      'Gateway',
      'edge',
      '{gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}, {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: site}]}}]}',
    ),
    gatewayKind('HTTPRoute', 'all', '{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}'),
  ],
});
console.log(JSON.stringify({ http: gateway.port(80), https: gateway.port(443) }));
process.stdin.resume().on('end', () => void Promise.all([gateway.close(), app.close()]).then(() => process.exit(0)));
