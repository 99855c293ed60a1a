import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const destinationRule = {
  id: 'tls.upstream-off',
  name: 'Upstream TLS switched off or unchecked',
  severity: 'medium',
  cwe: [295, 319],
  why: 'A DestinationRule decides how callers connect, and wins over the automatic mutual TLS of the mesh: `DISABLE` sends in clear, `insecureSkipVerify` trusts whoever answers.',
  help: 'Use `ISTIO_MUTUAL` inside the mesh; outside it `SIMPLE` with `caCertificates` or `credentialName` and `subjectAltNames`.',
  references: ['https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'DestinationRule' || !resource.apiVersion.startsWith('networking.istio.io/')) continue;
    for (const { tls, path } of settings(resource)) yield* judge(resource, tls, path);
  }
}

function* settings({ spec }: Resource): Generator<{ readonly tls: unknown; readonly path: Path }> {
  const policies: (readonly [policy: unknown, path: Path])[] = [[objectAt(spec, 'trafficPolicy'), ['spec', 'trafficPolicy']]];
  for (const [index, subset] of listAt(spec, 'subsets').entries()) {
    policies.push([objectAt(subset, 'trafficPolicy'), ['spec', 'subsets', index, 'trafficPolicy']]);
  }
  for (const [policy, path] of policies) {
    yield { tls: objectAt(policy, 'tls'), path: [...path, 'tls'] };
    for (const [index, port] of listAt(policy, 'portLevelSettings').entries()) {
      yield { tls: objectAt(port, 'tls'), path: [...path, 'portLevelSettings', index, 'tls'] };
    }
  }
}

function* judge(resource: Resource, tls: unknown, path: Path): Generator<Hit> {
  const mode = textAt(tls, 'mode');
  const host = textAt(resource.spec, 'host') ?? '';
  if (mode === 'DISABLE') {
    yield {
      title: `DestinationRule \`${resource.metadata.name}\` has everything to \`${host}\` sent in clear`,
      at: { resource, path: [...path, 'mode'] },
      fix: { text: 'Let the mesh encrypt.', yaml: 'trafficPolicy:\n  tls:\n    mode: ISTIO_MUTUAL' },
    };
  } else if (memberOf(tls, 'insecureSkipVerify') === true) {
    yield {
      title: `DestinationRule \`${resource.metadata.name}\` takes any certificate as that of \`${host}\``,
      at: { resource, path: [...path, 'insecureSkipVerify'] },
    };
  } else if (
    (mode === 'SIMPLE' || mode === 'MUTUAL') &&
    textAt(tls, 'caCertificates') === undefined &&
    textAt(tls, 'credentialName') === undefined
  ) {
    // Since Istio 1.20 the CAs of the system are taken; a name is still not asked for.
    if (listAt(tls, 'subjectAltNames').length > 0) return;
    yield {
      title: `DestinationRule \`${resource.metadata.name}\` does not say who may answer as \`${host}\``,
      message:
        'Without `caCertificates` older releases check nothing, and newer ones take every certificate of every public CA; without `subjectAltNames` any name will do.',
      severity: /^[^.]+$|\.svc\b|\.local$/.test(host) ? 'low' : 'info',
      at: { resource, path: [...path, 'mode'] },
      fix: {
        text: 'Name the CA and the server.',
        yaml: `tls:\n  mode: ${mode}\n  caCertificates: system\n  subjectAltNames: ["${host}"]`,
      },
    };
  }
}
