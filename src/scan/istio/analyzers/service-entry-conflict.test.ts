import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { SERVICE_ENTRY_CONFLICT_ANALYZER } from './service-entry-conflict.ts';

const entry = (name: string, protocol: string, port = 443, more = ''): string =>
  networking(
    'ServiceEntry',
    name,
    `{ hosts: [pay.example.com], ports: [{ number: ${port}, name: p, protocol: ${protocol} }]${more} }`,
  );

testAnalyzer(SERVICE_ENTRY_CONFLICT_ANALYZER, {
  fails: [
    [
      'HTTP and TLS',
      [entry('a', 'HTTP'), entry('b', 'TLS')],
      'ConflictingServiceEntryProtocol',
      'ConflictingServiceEntryProtocol',
    ],
  ],
  passes: [
    ['they agree', [entry('a', 'TLS'), entry('b', 'TLS')]],
    ['ports of their own', [entry('a', 'HTTP', 80), entry('b', 'TLS', 443)]],
    ['each for its own namespace', [entry('a', 'HTTP', 443, ', exportTo: [bank]'), entry('b', 'TLS', 443, ', exportTo: [blog]')]],
  ],
});
