import { labelsMatch } from '#model/resource.ts';
import type { Service, System } from '#model/system.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const loadBalancer = {
  id: 'tls.load-balancer-plain',
  name: 'Load balancer in clear',
  severity: 'medium',
  cwe: [319],
  why: 'The Service is reachable from outside on a port that speaks plain HTTP: passwords, tokens and cookies pass in clear.',
  help: 'Put an Ingress or Gateway with TLS in front, or let the load balancer end TLS by its annotations.',
  references: ['https://kubernetes.io/docs/concepts/services-networking/service/#ssl-support-on-aws'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

const INTERNAL: readonly (readonly [key: string, value: RegExp])[] = [
  ['service.beta.kubernetes.io/aws-load-balancer-internal', /^(?!false$)/],
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', /^internal$/],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', /^true$/],
  ['networking.gke.io/load-balancer-type', /^Internal$/],
  ['cloud.google.com/load-balancer-type', /^Internal$/],
  ['service.beta.kubernetes.io/oci-load-balancer-internal', /^true$/],
  ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', /^private$/],
  ['service.beta.kubernetes.io/openstack-internal-load-balancer', /^true$/],
];
const CERTIFICATE = 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert';
const SSL_PORTS = 'service.beta.kubernetes.io/aws-load-balancer-ssl-ports';
/** Services of gateways and controllers: they redirect, and their own settings are judged. */
const EDGE = /ingress|gateway|traefik|envoy|contour|kong|haproxy|nginx|ambassador|istio/i;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const service of system.services) {
    if (service.type !== 'LoadBalancer' || internal(service)) continue;
    const encrypted = service.ports.some(({ protocol, port }) => protocol === 'tls' || port === 443);
    if (encrypted && isEdge(system, service)) continue;
    const { annotations } = service.resource.metadata;
    const certificate = (annotations[CERTIFICATE] ?? '') !== '';
    const sslPorts = (annotations[SSL_PORTS] ?? '*').split(',').map((each) => each.trim());
    for (const [index, port] of service.ports.entries()) {
      const http = port.protocol === 'http' || port.protocol === 'http2' || port.protocol === 'grpc' || port.port === 80;
      if (!http) continue;
      if (certificate && (sslPorts.includes('*') || sslPorts.includes(String(port.port)) || sslPorts.includes(port.name)))
        continue;
      yield {
        title: certificate
          ? `load balancer \`${service.id}\` has a certificate, and port \`${port.port}\` without`
          : `load balancer \`${service.id}\` takes plain HTTP from outside on port \`${port.port}\``,
        at: { resource: service.resource, path: ['spec', 'ports', index] },
        detail: String(port.port),
      };
    }
  }
}

function internal({ resource }: Service): boolean {
  const { annotations } = resource.metadata;
  return INTERNAL.some(([key, value]) => Object.hasOwn(annotations, key) && value.test(annotations[key] ?? ''));
}

function isEdge(system: System, { name, namespace, selector }: Service): boolean {
  if (EDGE.test(name)) return true;
  return (
    selector !== undefined &&
    system.workloads.some(
      (workload) =>
        workload.namespace === namespace &&
        labelsMatch(selector, workload.labels) &&
        workload.containers.some(({ image }) => EDGE.test(image.slice(0, 300))),
    )
  );
}
