import { originOf } from '#model/origin.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ingressesOf } from './ingress-hosts.ts';

export const backendUnverified = {
  id: 'tls.backend-unverified',
  name: 'Backend certificate not checked',
  severity: 'medium',
  cwe: [295],
  why: 'The edge encrypts to the workload and takes any certificate: whoever answers in its place, by a spoofed address or name, reads every request.',
  help: 'Check the certificate against the CA that signs inside the cluster, and the name that it is for.',
  references: [
    'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#backend-certificate-authentication',
  ],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

const ENCRYPTED: readonly (string | undefined)[] = ['https', 'grpcs', 'h2'];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { resource, settings } of ingressesOf(system)) {
    const { backendProtocol, backendVerify, controllers } = settings;
    if (!backendProtocol || !ENCRYPTED.includes(backendProtocol.value) || backendVerify?.value === true) continue;
    // ingress-nginx checks nothing unless it is told to; of the others only what is written is known.
    if (!backendVerify && !controllers.includes('nginx')) continue;
    const key = backendVerify?.key ?? 'nginx.ingress.kubernetes.io/proxy-ssl-verify';
    const document = originOf(resource);
    const path = ['metadata', 'annotations', key];
    yield {
      title: `Ingress \`${resource.metadata.name}\` speaks TLS to its backend and takes any certificate`,
      severity: backendVerify ? 'medium' : 'info',
      at: { resource, path: ['metadata', 'annotations', backendVerify?.key ?? backendProtocol.key] },
      fix: {
        text: 'Check the certificate of the backend.',
        yaml: 'metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/proxy-ssl-verify: "on"\n    nginx.ingress.kubernetes.io/proxy-ssl-secret: <namespace>/<secret with ca.crt>\n    nginx.ingress.kubernetes.io/proxy-ssl-name: <name in the certificate>',
        ...(backendVerify && document && { edits: [{ op: 'set' as const, document, path, value: 'on' }] }),
      },
    };
  }
}
