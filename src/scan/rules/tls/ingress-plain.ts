import { originOf } from '#model/origin.ts';
import { listText } from '#policy/lint/context.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { ingressesOf } from './ingress-hosts.ts';

export const ingressPlain = {
  id: 'tls.ingress-plain',
  name: 'Ingress without TLS',
  severity: 'medium',
  cwe: [319],
  why: 'Passwords, tokens and session cookies of every caller pass in clear: whoever stands on the way, in a café or at a provider, reads and changes them.',
  help: 'Name every host in `spec.tls`, with a Secret that holds its certificate (cert-manager fills it).',
  references: ['https://kubernetes.io/docs/concepts/services-networking/ingress/#tls', 'RFC 9325'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { resource, hosts, tls, settings } of ingressesOf(system)) {
    const bare = hosts.filter(({ covered }) => !covered);
    const [first] = bare;
    // ACME answers its challenges in clear, as it must.
    if (!first || resource.metadata.labels['acme.cert-manager.io/http01-solver'] === 'true') continue;
    if (settings.plainHttp?.value === false) continue;
    const { name } = resource.metadata;
    const names = [...new Set(bare.map(({ host }) => (host === '' ? 'every host' : host)))];
    const document = originOf(resource);
    const named = names.filter((host) => host !== 'every host');
    const entry = { ...(named.length > 0 && { hosts: named }), secretName: `${name}-tls` };
    yield {
      title: tls
        ? `Ingress \`${name}\` has TLS for some of its hosts, and ${listText(names)} without`
        : `Ingress \`${name}\` serves ${names[0] === 'every host' ? 'every host' : listText(names)} without TLS`,
      severity: settings.reachableFrom?.value === 'internal' ? 'low' : 'medium',
      at: { resource, path: first.path },
      fix: {
        text: 'Add TLS for the hosts.',
        yaml: indented({ spec: { tls: [entry] } }),
        ...(document && { edits: [{ op: 'append' as const, document, path: ['spec', 'tls'], value: entry }] }),
      },
    };
  }
}
