import { listAt, textAt } from '#base/raw.ts';
import { serversOf } from '../../istio/gateway-server.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_GATEWAY, meshIndex, nameOf, TRANSIT_TAGS } from './common.ts';

export const gatewayNoCertificate = {
  id: 'mesh.gateway-no-certificate',
  name: 'TLS listener without a certificate',
  severity: 'low',
  cwe: [16],
  why: 'Istio refuses the server, and the port stays closed; the quick way out is plain HTTP.',
  help: 'name the Secret with the certificate (`credentialName`)',
  references: [ISTIO_GATEWAY],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const gateway of meshIndex(context).istio('networking', 'Gateway')) {
      for (const { tls, path, protocol } of serversOf(gateway)) {
        const mode = textAt(tls, 'mode') ?? (protocol === 'HTTPS' && tls !== undefined ? 'SIMPLE' : '');
        if (!['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'].includes(mode) || !['HTTPS', 'TLS'].includes(protocol)) continue;
        const named = ['credentialName', 'serverCertificate'].some((field) => textAt(tls, field));
        if (named || listAt(tls, 'credentialNames').length > 0 || listAt(tls, 'tlsCertificates').length > 0) continue;
        yield {
          title: `a ${protocol} server of Gateway \`${nameOf(gateway)}\` names no certificate`,
          at: { resource: gateway, path: [...path, 'tls'] },
          fix: { text: 'name the Secret', yaml: `tls:\n  mode: ${mode}\n  credentialName: SECRET-NAME\n` },
        };
      }
    }
  },
} satisfies SystemRule;
