import { gateway } from '../../../../test/fakes/mesh-gateways.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { gatewayNoCertificate } from './gateway-no-certificate.ts';

testRule(gatewayNoCertificate, {
  fails: [['none', [gateway('{ mode: SIMPLE }')], 'low']],
  passes: [
    ['a Secret', [gateway('{ mode: SIMPLE, credentialName: c }')]],
    ['files', [gateway('{ mode: SIMPLE, serverCertificate: /c.pem, privateKey: /k.pem }')]],
    ['mutual TLS of the mesh', [gateway('{ mode: ISTIO_MUTUAL }')]],
    ['a redirect on the plain port', [gateway('{ httpsRedirect: true }', { protocol: 'HTTP', port: 80 })]],
  ],
});
