import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { listAt, objectAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { bootstrapsOf, configsOf } from '../envoy-bootstrap.ts';
import { ingressesOf } from './ingress-hosts.ts';
import { dhBits, weakAwsPolicy, weakCiphers, weakMinimum, weakVersions } from './weak.ts';
import type { Weakness } from './weak.ts';

export const weakSettings = {
  id: 'tls.weak-settings',
  name: 'Weak TLS settings',
  severity: 'medium',
  cwe: [326, 327],
  why: 'SSL 3, TLS 1.0 and 1.1 and these ciphers are broken or aged: an attacker on the way makes both sides agree on the weakest that they share, and reads or changes what they say.',
  help: 'Allow TLS 1.2 and 1.3 only, with suites that have forward secrecy and authenticated encryption (ECDHE with AES-GCM or ChaCha20).',
  references: ['RFC 8996', 'RFC 9325', 'https://ssl-config.mozilla.org/'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'pci-dss:2.2.7', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

interface Found extends Weakness {
  readonly path: Path;
}

function* check({ system }: ScanContext): Generator<Hit> {
  yield* annotations(system);
  for (const resource of system.resources) {
    for (const { path, what, severity } of weaknesses(resource)) {
      yield { title: `${resource.kind} \`${resource.metadata.name}\` ${what}`, severity, at: { resource, path } };
    }
  }
}

function* annotations(system: System): Generator<Hit> {
  for (const { resource, settings } of ingressesOf(system)) {
    for (const { value, key } of settings.tlsPolicies) {
      const weak = /ciphers|options/.test(key)
        ? (weakCiphers(value) ?? weakVersions(value))
        : (weakAwsPolicy(value) ?? weakVersions(value));
      if (weak)
        yield {
          title: `Ingress \`${resource.metadata.name}\` ${weak.what}`,
          severity: weak.severity,
          at: { resource, path: ['metadata', 'annotations', key] },
        };
    }
    for (const { value, key } of settings.snippets) {
      const [weak] = configText(value);
      if (weak)
        yield {
          title: `Ingress \`${resource.metadata.name}\` ${weak.what}`,
          severity: weak.severity,
          at: { resource, path: ['metadata', 'annotations', key] },
        };
    }
  }
}

const AWS_POLICY = 'service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy';

/** What each kind says about TLS. */
function* weaknesses(resource: Resource): Generator<Found> {
  const { kind, spec, metadata, body } = resource;
  const told = (path: Path, weak: Weakness | undefined): Found[] => (weak ? [{ ...weak, path }] : []);
  switch (kind) {
    case 'Service':
      yield* told(['metadata', 'annotations', AWS_POLICY], weakAwsPolicy(metadata.annotations[AWS_POLICY] ?? ''));
      break;
    case 'ConfigMap':
      yield* configMap(recordAt(body, 'data'));
      break;
    case 'TLSOption':
      yield* told(['spec', 'minVersion'], weakMinimum(textAt(spec, 'minVersion') ?? ''));
      yield* told(['spec', 'cipherSuites'], weakCiphers(textsAt(spec, 'cipherSuites').join(':')));
      break;
    case 'ClientTrafficPolicy':
    case 'BackendTrafficPolicy': {
      const tls = objectAt(spec, 'tls');
      yield* told(['spec', 'tls', 'minVersion'], weakMinimum(textAt(tls, 'minVersion') ?? ''));
      yield* told(['spec', 'tls', 'ciphers'], weakCiphers(textsAt(tls, 'ciphers').join(':')));
      break;
    }
    case 'HTTPProxy': {
      const tls = objectAt(objectAt(spec, 'virtualhost'), 'tls');
      yield* told(
        ['spec', 'virtualhost', 'tls', 'minimumProtocolVersion'],
        weakMinimum(textAt(tls, 'minimumProtocolVersion') ?? ''),
      );
      break;
    }
    case 'TLSContext':
      yield* told(['spec', 'min_tls_version'], weakMinimum(textAt(spec, 'min_tls_version') ?? ''));
      yield* told(['spec', 'cipher_suites'], weakCiphers(textsAt(spec, 'cipher_suites').join(':')));
      break;
    case 'Gateway':
      if (!resource.apiVersion.startsWith('networking.istio.io/')) break;
      for (const [index, server] of listAt(spec, 'servers').entries()) {
        const tls = objectAt(server, 'tls');
        const path: Path = ['spec', 'servers', index, 'tls'];
        yield* told([...path, 'minProtocolVersion'], weakMinimum(textAt(tls, 'minProtocolVersion') ?? ''));
        yield* told([...path, 'cipherSuites'], weakCiphers(textsAt(tls, 'cipherSuites').join(':')));
      }
      break;
    case 'NginxConfiguration':
      for (const [index, directive] of (Array.isArray(spec) ? (spec as unknown[]) : []).entries()) {
        const weak = nginxWeakness(textAt(directive, 'name') ?? '', textsAt(directive, 'args'));
        yield* told([index], weak);
      }
      break;
    case 'EnvoyConfiguration':
      for (const bootstrap of bootstrapsOf(resource))
        for (const { value, path } of configsOf(bootstrap, 'DownstreamTlsContext')) {
          const at: Path = [...path, 'common_tls_context', 'tls_params'];
          const parameters = objectAt(objectAt(value, 'common_tls_context'), 'tls_params');
          yield* told(
            [...at, 'tls_minimum_protocol_version'],
            weakMinimum(textAt(parameters, 'tls_minimum_protocol_version') ?? ''),
          );
          yield* told([...at, 'cipher_suites'], weakCiphers(textsAt(parameters, 'cipher_suites').join(':')));
        }
      break;
    default:
  }
}

function nginxWeakness(name: string, args: readonly string[]): Weakness | undefined {
  if (/^(?:proxy_|grpc_|uwsgi_)?ssl_protocols$/.test(name)) return weakVersions(args.join(' '));
  return /^(?:proxy_|grpc_|uwsgi_)?ssl_ciphers$/.test(name) ? weakCiphers(args.join(':')) : undefined;
}

const DATA_MAX = 200_000;

function* configMap(data: Readonly<Record<string, string>>): Generator<Found> {
  for (const [key, value] of Object.entries(data)) {
    const path: Path = ['data', key];
    const single = settingOf(key, value);
    if (single) yield { ...single, path };
    const bits = value.includes('BEGIN DH PARAMETERS') ? dhBits(value) : undefined;
    if (bits !== undefined && bits < 2048)
      yield { what: `uses Diffie-Hellman parameters of ${bits} bits`, severity: 'medium', path };
    if (value.includes('\n')) for (const weak of configText(value)) yield { ...weak, path };
  }
}

/** Keys of ingress-nginx, NGINX Ingress Controller and HAProxy. */
function settingOf(key: string, value: string): Weakness | undefined {
  if (/^(?:proxy-)?ssl-protocols$/.test(key)) return weakVersions(value);
  if (/^(?:proxy-)?ssl-ciphers$/.test(key)) return weakCiphers(value);
  if (key === 'ssl-min-ver') return weakMinimum(value);
  if (key === 'hsts' && value === 'false') return { what: 'does not tell browsers to stay with TLS (`hsts`)', severity: 'low' };
  if (key === 'ssl-early-data' && value === 'true')
    return { what: 'takes early data, which can be sent again by others', severity: 'low' };
  const option =
    key === 'ssl-options' ? /(?:ssl-min-ver|force-)\s?(sslv3|tlsv1[01]|TLSv1\.[01])/i.exec(value.slice(0, 2000)) : null;
  return option ? weakMinimum(option[1]!.replace(/tlsv1([01])/i, 'TLSv1.$1')) : undefined;
}

/** A line of the configuration of nginx, Apache, Envoy, HAProxy, Traefik or Contour. */
const LINES: readonly (readonly [line: RegExp, judge: (value: string) => Weakness | undefined])[] = [
  [/^\s{0,80}(?:proxy_)?ssl_protocols\s+([^;#]{1,500})/, weakVersions],
  [/^\s{0,80}(?:proxy_)?ssl_ciphers\s+([^;#]{1,4000})/, weakCiphers],
  [/^\s{0,80}SSLProtocol\s+([^#]{1,500})/, weakVersions],
  [/^\s{0,80}SSLCipherSuite\s+([^#]{1,4000})/, weakCiphers],
  [/^\s{0,80}(?:-\s)?"?tls_minimum_protocol_version"?\s?:\s{0,4}"?([\w.]{1,40})/, weakMinimum],
  [/^\s{0,80}minimum-protocol-version\s?:\s{0,4}"?([\w.]{1,40})/, weakMinimum],
  [/^\s{0,80}minVersion\s?[:=]\s{0,4}"?(VersionTLS\w{1,10})/, weakMinimum],
  [/^\s{0,80}ssl-default-bind-ciphers\s+(\S{1,4000})/, weakCiphers],
  [/^\s{0,80}ssl-default-bind-options\b.{0,400}?ssl-min-ver\s+(\S{1,40})/, weakMinimum],
];

function configText(text: string): readonly Weakness[] {
  const found = new Map<string, Weakness>();
  for (const line of text.slice(0, DATA_MAX).split('\n')) {
    if (line.length > 5000 || !/ssl|tls|minimum-protocol/i.test(line)) continue;
    for (const [pattern, judge] of LINES) {
      const value = pattern.exec(line)?.[1];
      const weak = value === undefined ? undefined : judge(value);
      if (weak) found.set(weak.what, weak);
    }
  }
  return [...found.values()];
}
