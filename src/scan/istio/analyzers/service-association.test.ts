import { namespace, object, service, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { SERVICE_ASSOCIATION_ANALYZER } from './service-association.ts';

const INJECTED = namespace('shop', 'istio-injection: enabled');
const DEPLOYMENT = object(
  'apps/v1',
  'Deployment',
  'name: web, namespace: shop',
  'spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: w }] } } }',
);
const front = (name: string, port: string): string => service(name, `{ selector: { app: web }, ports: [{ ${port} }] }`);

testAnalyzer(SERVICE_ASSOCIATION_ANALYZER, {
  fails: [
    [
      'two protocols for one port',
      [INJECTED, DEPLOYMENT, front('a', 'port: 80, name: http'), front('b', 'port: 80, name: tcp')],
      'DeploymentAssociatedToMultipleServices',
    ],
    [
      'two ports for one target',
      [
        INJECTED,
        DEPLOYMENT,
        front('a', 'port: 80, name: http, targetPort: 8080'),
        front('b', 'port: 81, name: http, targetPort: 8080'),
      ],
      'DeploymentConflictingPorts',
    ],
  ],
  passes: [
    ['they agree', [INJECTED, DEPLOYMENT, front('a', 'port: 80, name: http'), front('b', 'port: 80, name: http-b')]],
    ['a port each', [INJECTED, DEPLOYMENT, front('a', 'port: 80, name: http'), front('b', 'port: 90, name: tcp')]],
    ['outside the mesh', [DEPLOYMENT, front('a', 'port: 80, name: http'), front('b', 'port: 80, name: tcp')]],
  ],
});
