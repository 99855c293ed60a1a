import { bootstrapsOf, configsOf, isRaw } from '../envoy-bootstrap.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const upstreamUnverified = {
  id: 'tls.upstream-unverified',
  name: 'Envoy takes any certificate of an upstream',
  severity: 'medium',
  cwe: [295],
  why: 'Envoy checks nothing of an upstream unless it is told which authority to trust: whoever answers at that address reads what is sent, credentials too.',
  help: 'Name the trusted authority, and the host that the certificate is for.',
  references: ['https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl#certificate-verification'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

/** Members that say what is trusted; secrets and providers are filled elsewhere. */
const ELSEWHERE = [
  'validation_context_sds_secret_config',
  'combined_validation_context',
  'validation_context_certificate_provider',
  'validation_context_certificate_provider_instance',
];
const TRUST = [
  'trusted_ca',
  'ca_certificate_provider_instance',
  'system_root_certs',
  'verify_certificate_spki',
  'verify_certificate_hash',
  'custom_validator_config',
];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources)
    for (const bootstrap of bootstrapsOf(resource))
      for (const { value, path } of configsOf(bootstrap, 'UpstreamTlsContext')) {
        const common = isRaw(value['common_tls_context']) ? value['common_tls_context'] : {};
        if (ELSEWHERE.some((name) => name in common)) continue;
        const context = isRaw(common['validation_context']) ? common['validation_context'] : {};
        const anything = context['trust_chain_verification'] === 'ACCEPT_UNTRUSTED';
        if (!anything && TRUST.some((name) => name in context)) continue;
        const host = typeof value['sni'] === 'string' ? ` of \`${value['sni'].slice(0, 100)}\`` : ' of an upstream';
        yield {
          title: `Envoy in \`${resource.metadata.name}\` takes any certificate${host}`,
          at: { resource, path: bootstrap.pathOf(path) },
          detail: path.join('.'),
          fix: {
            text: upstreamUnverified.help,
            yaml: 'common_tls_context:\n  validation_context:\n    trusted_ca: { filename: /etc/ssl/certs/ca-certificates.crt }\n    match_typed_subject_alt_names:\n      - san_type: DNS\n        matcher: { exact: api.example.com }\n',
          },
        };
      }
}
