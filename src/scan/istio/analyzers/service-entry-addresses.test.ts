import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { SERVICE_ENTRY_ADDRESSES_ANALYZER } from './service-entry-addresses.ts';

const entry = (port: string, more = '', metadata = ''): string =>
  networking('ServiceEntry', 'db', `{ hosts: [db.example.com], ports: [{ number: 5432, ${port} }]${more} }`, metadata);

testAnalyzer(SERVICE_ENTRY_ADDRESSES_ANALYZER, {
  fails: [
    ['TCP', [entry('protocol: TCP')], 'ServiceEntryAddressesRequired'],
    ['no protocol', [entry('name: p')], 'ServiceEntryAddressesRequired'],
  ],
  passes: [
    ['an address', [entry('protocol: TCP', ', addresses: [203.0.113.9]')]],
    ['TLS, which names its host', [entry('protocol: TLS')]],
    [
      'an address that Istio gives',
      [entry('protocol: TCP', '', ', labels: { networking.istio.io/enable-autoallocate-ip: "true" }')],
    ],
  ],
});
