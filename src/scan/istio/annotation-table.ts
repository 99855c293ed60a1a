// Istio's annotations: where they belong, how ripe they are, what values they take.
// Facts from istio/api annotation/annotations.yaml (Apache-2.0).
import { parseIpRange } from '#base/ip-set.ts';

export interface AnnotationRow {
  /** Kinds; `Any` for all. */
  readonly on: readonly string[];
  readonly alpha: boolean;
  readonly deprecated: boolean;
  /** What is wrong with a value. */
  readonly check?: (value: string) => string | undefined;
}

const whole = (value: string): string | undefined => (/^\d{1,10}$/.test(value.trim()) ? undefined : 'it must be a whole number');
const flag = (value: string): string | undefined =>
  /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value) ? undefined : 'it must be `true` or `false`';
const port = (value: string): string | undefined =>
  whole(value) ?? (Number(value) <= 65_535 ? undefined : 'a port is at most 65535');

function each(value: string, check: (part: string) => string | undefined): string | undefined {
  if (value.trim() === '' || value.trim() === '*') return undefined;
  for (const part of value.slice(0, 10_000).split(',')) {
    const problem = check(part.trim());
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const ports = (value: string): string | undefined => each(value, port);
const ranges = (value: string): string | undefined =>
  each(value, (part) => (parseIpRange(part) && part.includes('/') ? undefined : 'it must be a list of ranges like `10.0.0.0/8`'));
const mode = (value: string): string | undefined =>
  ['REDIRECT', 'TPROXY', 'NONE'].includes(value) ? undefined : 'it must be `REDIRECT`, `TPROXY` or `NONE`';

type Entry = readonly [
  key: string,
  ripeness: 'alpha' | 'beta' | 'stable',
  on: string,
  check?: AnnotationRow['check'],
  deprecated?: true,
];

const ENTRIES: readonly Entry[] = [
  ['alpha.istio.io/canonical-serviceaccounts', 'alpha', 'Service', undefined, true],
  ['alpha.istio.io/identity', 'alpha', 'Pod', undefined, true],
  ['alpha.istio.io/kubernetes-serviceaccounts', 'alpha', 'Service', undefined, true],
  ['ambient.istio.io/bypass-inbound-capture', 'alpha', 'Pod'],
  ['ambient.istio.io/dns-capture', 'alpha', 'Pod'],
  ['ambient.istio.io/waypoint-inbound-binding', 'alpha', 'GatewayClass Gateway'],
  ['galley.istio.io/analyze-suppress', 'alpha', 'Any'],
  ['gateway.istio.io/name-override', 'beta', 'Gateway'],
  ['gateway.istio.io/service-account', 'beta', 'Gateway'],
  ['inject.istio.io/templates', 'alpha', 'Pod'],
  ['install.operator.istio.io/chart-owner', 'alpha', 'Any'],
  ['install.operator.istio.io/owner-generation', 'alpha', 'Any'],
  ['install.operator.istio.io/version', 'alpha', 'Any'],
  ['istio.io/autoRegistrationGroup', 'alpha', 'WorkloadEntry'],
  ['istio.io/connectedAt', 'alpha', 'WorkloadEntry'],
  ['istio.io/disconnectedAt', 'alpha', 'WorkloadEntry'],
  ['istio.io/dry-run', 'alpha', 'AuthorizationPolicy', flag],
  ['istio.io/reroute-virtual-interfaces', 'alpha', 'Pod'],
  ['istio.io/workloadController', 'alpha', 'WorkloadEntry'],
  ['kubernetes.io/ingress.class', 'stable', 'Ingress'],
  ['networking.istio.io/address-type', 'alpha', 'Gateway'],
  ['networking.istio.io/exportTo', 'alpha', 'Service'],
  ['networking.istio.io/service-type', 'alpha', 'Gateway'],
  ['networking.istio.io/traffic-distribution', 'beta', 'Service ServiceEntry Namespace'],
  ['prometheus.istio.io/merge-metrics', 'alpha', 'Pod'],
  ['proxy.istio.io/config', 'beta', 'Pod'],
  ['proxy.istio.io/overrides', 'alpha', 'Pod'],
  ['readiness.status.sidecar.istio.io/applicationPorts', 'alpha', 'Pod', ports],
  ['readiness.status.sidecar.istio.io/failureThreshold', 'alpha', 'Pod', whole],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', 'alpha', 'Pod', whole],
  ['readiness.status.sidecar.istio.io/periodSeconds', 'alpha', 'Pod', whole],
  ['sidecar.istio.io/agentLogLevel', 'alpha', 'Pod'],
  ['sidecar.istio.io/bootstrapOverride', 'alpha', 'Pod'],
  ['sidecar.istio.io/componentLogLevel', 'alpha', 'Pod'],
  ['sidecar.istio.io/controlPlaneAuthPolicy', 'alpha', 'Pod', undefined, true],
  ['sidecar.istio.io/discoveryAddress', 'alpha', 'Pod', undefined, true],
  ['sidecar.istio.io/enableCoreDump', 'alpha', 'Pod', flag],
  ['sidecar.istio.io/extraStatTags', 'alpha', 'Pod'],
  ['sidecar.istio.io/inject', 'beta', 'Pod', flag],
  ['sidecar.istio.io/interceptionMode', 'alpha', 'Pod', mode],
  ['sidecar.istio.io/logLevel', 'alpha', 'Pod'],
  ['sidecar.istio.io/nativeSidecar', 'alpha', 'Pod', flag],
  ['sidecar.istio.io/proxyCPU', 'alpha', 'Pod'],
  ['sidecar.istio.io/proxyCPULimit', 'alpha', 'Pod'],
  ['sidecar.istio.io/proxyImage', 'alpha', 'Pod'],
  ['sidecar.istio.io/proxyImageType', 'alpha', 'Pod'],
  ['sidecar.istio.io/proxyMemory', 'alpha', 'Pod'],
  ['sidecar.istio.io/proxyMemoryLimit', 'alpha', 'Pod'],
  ['sidecar.istio.io/rewriteAppHTTPProbers', 'alpha', 'Pod', flag],
  ['sidecar.istio.io/statsCompression', 'alpha', 'Pod', flag],
  ['sidecar.istio.io/statsFlushInterval', 'alpha', 'Pod'],
  ['sidecar.istio.io/statsEvictionInterval', 'alpha', 'Pod'],
  ['sidecar.istio.io/statsHistogramBuckets', 'alpha', 'Pod'],
  ['sidecar.istio.io/statsInclusionPrefixes', 'alpha', 'Pod', undefined, true],
  ['sidecar.istio.io/statsInclusionRegexps', 'alpha', 'Pod', undefined, true],
  ['sidecar.istio.io/statsInclusionSuffixes', 'alpha', 'Pod', undefined, true],
  ['sidecar.istio.io/status', 'alpha', 'Pod'],
  ['sidecar.istio.io/userVolume', 'alpha', 'Pod'],
  ['sidecar.istio.io/userVolumeMount', 'alpha', 'Pod'],
  ['status.sidecar.istio.io/port', 'alpha', 'Pod', port],
  ['topology.istio.io/controlPlaneClusters', 'alpha', 'Namespace'],
  ['traffic.sidecar.istio.io/excludeInboundPorts', 'alpha', 'Pod', ports],
  ['traffic.sidecar.istio.io/excludeInterfaces', 'alpha', 'Pod'],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', 'alpha', 'Pod', ranges],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', 'alpha', 'Pod', ports],
  ['traffic.sidecar.istio.io/includeInboundPorts', 'alpha', 'Pod', ports],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', 'alpha', 'Pod', ranges],
  ['traffic.sidecar.istio.io/includeOutboundPorts', 'alpha', 'Pod', ports],
  ['traffic.sidecar.istio.io/kubevirtInterfaces', 'alpha', 'Pod', undefined, true],
];

export const ANNOTATIONS: ReadonlyMap<string, AnnotationRow> = new Map(
  ENTRIES.map(([key, ripeness, on, check, deprecated]) => [
    key,
    { on: on.split(' '), alpha: ripeness === 'alpha', deprecated: deprecated === true, ...(check && { check }) },
  ]),
);

/** Istio writes these itself, so that they say nothing about what a person meant. */
export const SET_BY_ISTIO: ReadonlySet<string> = new Set([
  'ambient.istio.io/redirection',
  'gateway.istio.io/controller-version',
  'istio.io/rev',
  'proxy.istio.io/overrides',
  'sidecar.istio.io/status',
]);

/** Whether a key belongs to Istio: its domain, and the one of Kubernetes that Istio documents. */
export function isIstioAnnotation(key: string): boolean {
  const slash = key.indexOf('/');
  const domain = slash === -1 ? '' : key.slice(0, slash);
  if (domain.startsWith('internal.')) return false;
  return domain === 'istio.io' || domain.endsWith('.istio.io') || key === 'kubernetes.io/ingress.class';
}
