// ServiceEntries that register more than the services they are for.
import { parseIpRange } from '#base/ip-set.ts';
import type { Path } from '#model/origin.ts';
import { textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { meshIndex, nameOf } from './common.ts';

export const serviceEntryWide = {
  id: 'mesh.service-entry-wide',
  name: 'ServiceEntry for more than one service',
  severity: 'medium',
  cwe: [923, 1220],
  why: 'It registers hosts that nobody looked at: a workload limited to registered hosts may call all of them, and send what it has read there.',
  help: 'name the hosts that are called',
  references: ['https://istio.io/latest/docs/reference/config/networking/service-entry/'],
  tags: ['nsa-k8s:network', 'soc2:CC6.6'],
  *check(context: ScanContext): Generator<Hit> {
    const mesh = meshIndex(context);
    const local = `.svc.${mesh.clusterDomain}`;
    for (const entry of mesh.istio('networking', 'ServiceEntry')) {
      const hit = (title: string, path: Path, severity: Hit['severity'] = 'medium'): Hit => ({
        title,
        severity,
        at: { resource: entry, path },
      });
      const name = nameOf(entry);
      for (const [index, host] of textsAt(entry.spec, 'hosts').entries()) {
        const path = ['spec', 'hosts', index];
        const labels = host.startsWith('*.') ? host.slice(2).split('.').length : 0;
        if (host === '*') yield hit(`ServiceEntry \`${name}\` registers every host`, path);
        else if (labels === 1) yield hit(`ServiceEntry \`${name}\` registers every host below \`${host}\``, path);
        else if (host === `*${local}` || (host.endsWith(local) && ownsOther(mesh, host, entry.metadata.namespace, local)))
          yield {
            ...hit(`ServiceEntry \`${name}\` speaks for Service \`${host}\` of another namespace`, path),
            message:
              'Workloads that see the entry are sent where it says, instead of to the Service: whoever may write it takes over its traffic.',
          };
      }
      // Hosts that take no part in routing, as with resolution NONE and TCP, leave the addresses to decide.
      for (const [index, address] of textsAt(entry.spec, 'addresses').entries()) {
        const range = parseIpRange(address);
        if (!range || !address.includes('/')) continue;
        const bits = (range.end - range.start + 1n).toString(2).length - 1;
        const wide = range.v4 ? bits > 16 : bits > 80;
        if (wide && textAt(entry.spec, 'location') !== 'MESH_INTERNAL')
          yield hit(
            `ServiceEntry \`${name}\` registers all of \`${address}\``,
            ['spec', 'addresses', index],
            bits >= 31 ? 'medium' : 'low',
          );
      }
    }
  },
} satisfies SystemRule;

/** A Service that is known, in a namespace that is not the entry's. */
function ownsOther(mesh: ReturnType<typeof meshIndex>, host: string, namespace: string, local: string): boolean {
  const [name, other = ''] = host.slice(0, -local.length).split('.');
  return other !== namespace && mesh.servicesIn(other).some(({ metadata }) => metadata.name === name);
}
