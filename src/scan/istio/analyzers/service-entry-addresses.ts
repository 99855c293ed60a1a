import { listAt, numberAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const SERVICE_ENTRY_ADDRESSES_ANALYZER = {
  id: 'istio.service-entry-addresses',
  analyzer: 'serviceentry.ProtocolAddressesAnalyzer',
  name: 'ServiceEntry for TCP without addresses',
  severity: 'low',
  cwe: [923],
  why: 'TCP carries no host name, so the proxy goes by port alone: everything that leaves on this port is sent to this host, whatever it was meant for.',
  help: 'give `addresses`, or a protocol that names its host (HTTP, TLS)',
  references: [messageUrl('ServiceEntryAddressesRequired')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const entry of mesh.istio('networking', 'ServiceEntry')) {
      if (listAt(entry.spec, 'addresses').length > 0) continue;
      if (entry.metadata.labels['networking.istio.io/enable-autoallocate-ip'] === 'true') continue;
      for (const { raw, path } of itemsAt(entry.spec, 'ports', ['spec'])) {
        const protocol = textAt(raw, 'protocol') ?? '';
        if (protocol !== '' && protocol.toUpperCase() !== 'TCP') continue;
        yield {
          code: 'ServiceEntryAddressesRequired',
          at: { resource: entry, path },
          title: `port ${numberAt(raw, 'number') ?? ''} of \`${entry.metadata.name}\` is ${protocol === '' ? 'of no protocol' : 'TCP'}, and no addresses are given`,
          detail: String(numberAt(raw, 'number') ?? ''),
        };
      }
    }
  },
} satisfies MeshAnalyzer;
