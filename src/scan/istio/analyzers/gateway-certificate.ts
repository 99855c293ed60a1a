// One certificate in several Gateways of the same proxies.
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import { textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { objectName } from '../analyzer.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import { selectorOf, serversOf } from '../gateway-server.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const GATEWAY_CERTIFICATE_ANALYZER = {
  id: 'istio.gateway-certificate',
  analyzer: 'gateway.CertificateAnalyzer',
  name: 'one certificate in several Gateways',
  severity: 'info',
  cwe: [],
  why: 'A browser uses one HTTP/2 connection for all hosts of a certificate. Requests for the host of the other Gateway arrive where its routes are not, and get 404.',
  help: 'put the servers of one certificate into one Gateway, or give each Gateway a certificate of its own',
  references: [messageUrl('GatewayDuplicateCertificate')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const rows = mesh.istio('networking', 'Gateway').flatMap(certificatesOf);
    const told = new Set<Resource>();
    const budget = new Budget();
    for (const [, group] of Map.groupBy(rows, ({ certificate }) => certificate)) {
      for (const { gateway, path } of group) {
        if (budget.isSpent) return;
        if (told.has(gateway)) continue;
        const others = group.filter((row) => row.gateway !== gateway && budget.take() && isWithin(mesh, gateway, row.gateway));
        if (others.length === 0) continue;
        told.add(gateway);
        const names = [...new Set(others.map((row) => objectName(row.gateway)))];
        yield {
          code: 'GatewayDuplicateCertificate',
          at: { resource: gateway, path },
          title: `the certificate is used by ${names
            .slice(0, 3)
            .map((name) => `\`${name}\``)
            .join(', ')} too`,
        };
      }
    }
  },
} satisfies MeshAnalyzer;

function certificatesOf(
  gateway: Resource,
): { readonly gateway: Resource; readonly certificate: string; readonly path: (string | number)[] }[] {
  return serversOf(gateway).flatMap(({ tls, path }) => {
    const field = textAt(tls, 'credentialName') ? 'credentialName' : 'serverCertificate';
    const name = textAt(tls, field);
    return name ? [{ gateway, certificate: `${field} ${name}`, path: [...path, 'tls', field] }] : [];
  });
}

/** Whether every proxy of `other` is one of `gateway` too, and reads the same Secret. */
function isWithin(mesh: MeshIndex, gateway: Resource, other: Resource): boolean {
  const [wide, narrow] = [selectorOf(gateway), selectorOf(other)];
  if (Object.keys(wide).length === 0 || !labelsMatch(wide, narrow)) return false;
  const spaces = mesh.gatewayPods(narrow).map(({ namespace }) => namespace);
  const mine = mesh.gatewayPods(wide).map(({ namespace }) => namespace);
  return spaces.length === 0 || mine.length === 0 || spaces.some((each) => mine.includes(each));
}
