import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { GATEWAY_CONFLICT_ANALYZER } from './gateway-conflict.ts';

const gateway = (name: string, selector: string, server: string): string =>
  networking(
    'Gateway',
    name,
    `{ selector: { ${selector} }, servers: [{ port: { number: 443, name: tls, protocol: HTTPS }, ${server} }] }`,
  );
const open = (name: string, selector: string, hosts: string): string =>
  gateway(name, selector, `hosts: ${hosts}, tls: { mode: PASSTHROUGH }`);

testAnalyzer(GATEWAY_CONFLICT_ANALYZER, {
  fails: [
    [
      'one host twice',
      [open('a', 'app: edge', '[www.example.com]'), open('b', 'app: edge', '[www.example.com]')],
      'ConflictingGateways',
      'ConflictingGateways',
    ],
    [
      'every host beside one',
      [open('a', 'app: edge', '["*"]'), open('b', 'app: edge', '[www.example.com]')],
      'ConflictingGateways',
      'ConflictingGateways',
    ],
  ],
  passes: [
    ['a host each', [open('a', 'app: edge', '[a.example.com]'), open('b', 'app: edge', '[b.example.com]')]],
    ['proxies of their own', [open('a', 'app: edge-a', '[www.example.com]'), open('b', 'app: edge-b', '[www.example.com]')]],
    [
      'each for its own namespace',
      [open('a', 'app: edge', '[bank/www.example.com]'), open('b', 'app: edge', '[blog/www.example.com]')],
    ],
  ],
});
