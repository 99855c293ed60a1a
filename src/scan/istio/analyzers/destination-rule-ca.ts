// TLS to a server whose certificate nobody checks.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { memberOf, numberAt, objectAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const DESTINATION_RULE_CA_ANALYZER = {
  id: 'istio.destination-rule-ca',
  analyzer: 'destinationrule.CaCertificateAnalyzer',
  name: 'DestinationRule with TLS but without CA certificates',
  severity: 'medium',
  cwe: [295],
  why: 'Without `caCertificates` the proxy takes any certificate that the server shows (before Istio 1.21), or any that a public authority signed. Whoever stands in between reads and changes everything.',
  help: "name the authority that signs the server's certificate, and the name that it must carry",
  references: [
    messageUrl('NoServerCertificateVerificationDestinationLevel'),
    messageUrl('NoServerCertificateVerificationPortLevel'),
  ],
  tags: ['pci-dss:4.2.1'],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const rule of mesh.istio('networking', 'DestinationRule')) {
      const policy = objectAt(rule.spec, 'trafficPolicy');
      const path: Path = ['spec', 'trafficPolicy'];
      if (isUnverified(mesh, rule, objectAt(policy, 'tls'))) yield hitOf(rule, policy, path);
      for (const { raw, path: portPath } of itemsAt(policy, 'portLevelSettings', path)) {
        if (isUnverified(mesh, rule, objectAt(raw, 'tls'))) yield hitOf(rule, raw, portPath);
      }
    }
  },
} satisfies MeshAnalyzer;

function isUnverified({ complete }: MeshIndex, { spec }: Resource, tls: unknown): boolean {
  const mode = textAt(tls, 'mode');
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return false;
  // Said loudly: told by the rule about `insecureSkipVerify`.
  if (memberOf(tls, 'insecureSkipVerify') === true) return false;
  if ((textAt(tls, 'caCertificates') ?? '') !== '') return false;
  // `tls.upstream-off` tells of those that name nothing at all; a Secret that is named and not read looks right and is not.
  if (!complete && !textAt(tls, 'credentialName')) return false;
  // A Secret may bring the authority along, but is read only where the rule is for chosen workloads.
  return !(textAt(tls, 'credentialName') && memberOf(spec, 'workloadSelector') !== undefined);
}

function hitOf(resource: Resource, holder: unknown, path: Path): MeshHit {
  const host = textAt(resource.spec, 'host') ?? '';
  const port = numberAt(objectAt(holder, 'port'), 'number');
  const mode = textAt(objectAt(holder, 'tls'), 'mode') ?? '';
  return {
    code: path.length === 2 ? 'NoServerCertificateVerificationDestinationLevel' : 'NoServerCertificateVerificationPortLevel',
    at: { resource, path: [...path, 'tls'] },
    title: `TLS mode ${mode} to \`${host}\`${port === undefined ? '' : ` port ${port}`} names no CA certificates`,
    detail: String(port ?? ''),
    fix: {
      text: "name the CA and the server's name",
      yaml: `tls:\n  mode: ${mode}\n  caCertificates: /etc/ssl/certs/ca-certificates.crt\n  subjectAltNames:\n    - ${host === '' || host.includes('*') ? 'SERVER-NAME' : host}\n`,
    },
  };
}
