import { networking, pod, service, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { GATEWAY_PORT_ANALYZER } from './gateway-port.ts';

const EDGE = pod('edge', 'app: edge');
const front = (port: string): string => service('edge', `{ selector: { app: edge }, ports: [{ name: tls, ${port} }] }`);
const gateway = (port: number): string =>
  networking(
    'Gateway',
    'edge',
    `{ selector: { app: edge }, servers: [{ port: { number: ${port}, name: p, protocol: HTTPS }, hosts: [a.example.com] }] }`,
  );

testAnalyzer(GATEWAY_PORT_ANALYZER, {
  fails: [
    ['a port that the Service has not', [EDGE, front('port: 80'), gateway(443)], 'GatewayPortNotDefinedOnService'],
    ['no proxy', [gateway(443)], 'ReferencedResourceNotFound'],
  ],
  passes: [
    ['the port of the Service', [EDGE, front('port: 443'), gateway(443)]],
    ['the port of the pods behind it', [EDGE, front('port: 443, targetPort: 8443'), gateway(8443)]],
    [
      'the gateway that Istio installs',
      [
        networking(
          'Gateway',
          'edge',
          '{ selector: { istio: ingressgateway }, servers: [{ port: { number: 443, name: p, protocol: HTTPS }, hosts: [a] }] }',
        ),
      ],
    ],
  ],
});
