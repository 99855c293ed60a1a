// Gateways where client certificates are meant, and not demanded.
import type { Path } from '#model/origin.ts';
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { listAt, objectAt, textAt } from '#base/raw.ts';
import { serversOf } from '../../istio/gateway-server.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_GATEWAY, meshIndex, nameOf, TRANSIT_TAGS } from './common.ts';

/** Fields that say how a client's certificate is judged. */
const CLIENT_FIELDS = [
  'caCertificates',
  'caCertCredentialName',
  'subjectAltNames',
  'verifyCertificateHash',
  'verifyCertificateSpki',
  'caCrl',
] as const;

export const gatewayClientCertificate = {
  id: 'mesh.gateway-client-certificate',
  name: 'Client certificates meant but not demanded',
  severity: 'high',
  cwe: [295, 306],
  why: 'Callers without any certificate get in, though the settings read as if one were checked.',
  help: "use mode `MUTUAL` with the CA that signs the clients' certificates",
  references: [ISTIO_GATEWAY],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const gateway of meshIndex(context).istio('networking', 'Gateway')) {
      for (const { tls, path } of serversOf(gateway)) yield* judge(gateway, tls, [...path, 'tls']);
    }
    for (const policy of context.system.resources) {
      if (policy.kind !== 'ClientTrafficPolicy' || !policy.apiVersion.startsWith('gateway.envoyproxy.io/')) continue;
      const validation = objectAt(objectAt(policy.spec, 'tls'), 'clientValidation');
      if (validation?.['optional'] !== true) continue;
      yield {
        title: `ClientTrafficPolicy \`${nameOf(policy)}\` takes callers without a certificate`,
        severity: 'medium',
        at: { resource: policy, path: ['spec', 'tls', 'clientValidation', 'optional'] },
      };
    }
  },
} satisfies SystemRule;

function* judge(gateway: Resource, tls: unknown, path: Path): Generator<Hit> {
  const mode = textAt(tls, 'mode') ?? '';
  const name = nameOf(gateway);
  const document = originOf(gateway);
  const fix = {
    text: 'demand a certificate',
    yaml: 'tls:\n  mode: MUTUAL\n',
    ...(document && { edits: [{ op: 'set', document, path: [...path, 'mode'], value: 'MUTUAL' } as const] }),
  };
  if (mode === 'SIMPLE') {
    const field = CLIENT_FIELDS.find((each) => textAt(tls, each) !== undefined || listAt(tls, each).length > 0);
    if (field === undefined) return;
    yield {
      title: `\`${field}\` of Gateway \`${name}\` has no effect: mode SIMPLE asks for no client certificate`,
      at: { resource: gateway, path: [...path, field] },
      fix,
    };
  } else if (mode === 'OPTIONAL_MUTUAL') {
    yield {
      title: `Gateway \`${name}\` takes callers without a certificate (OPTIONAL_MUTUAL)`,
      message:
        'A certificate that is shown is checked, and one that is not shown is not missed: unless a policy asks for the identity, anyone gets in.',
      severity: 'medium',
      at: { resource: gateway, path: [...path, 'mode'] },
      fix,
    };
  } else if (mode === 'MUTUAL') {
    const sources = ['caCertificates', 'credentialName', 'caCertCredentialName'].some((each) => textAt(tls, each));
    if (sources || listAt(tls, 'credentialNames').length > 0 || listAt(tls, 'tlsCertificates').length > 0) return;
    yield {
      title: `mode MUTUAL of Gateway \`${name}\` names no CA for client certificates`,
      severity: 'medium',
      at: { resource: gateway, path: [...path, 'mode'] },
      fix: {
        text: 'name a Secret with `tls.crt`, `tls.key` and `ca.crt`',
        yaml: 'tls:\n  mode: MUTUAL\n  credentialName: SECRET-NAME\n',
      },
    };
  }
}
