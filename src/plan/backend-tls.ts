// BackendTLSPolicy: which service ports gateways speak TLS to, and whom they believe there.
import type { BackendTlsPolicy } from '#model/gateway.ts';
import type { TlsMaterial } from '#model/observed.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Service, ServicePort, System } from '#model/system.ts';
import { authorityAt } from './gateway-listeners.ts';
import type { BackendTls, NodePlan } from './plan.ts';

/**
 * The policy for a service port: one that names the port before one for the whole Service, then the older.
 * @returns undefined when there is none; with a `fault` when it cannot be honoured, which closes the way for gateways
 */
export function backendTls(
  system: Pick<System, 'backendTlsPolicies'>,
  material: TlsMaterial | undefined,
  service: Service,
  port: ServicePort,
): BackendTls | undefined {
  const policy = policyFor(system.backendTlsPolicies, service, port);
  if (!policy) return undefined;
  const { hostname, wellKnownCACertificates, caCertificateRefs, subjectAltNames } = policy.spec.validation;
  const made = { hostname, names: subjectAltNames };
  if (hostname === '') return { ...made, roots: [], fault: 'the BackendTLSPolicy says nothing of `validation`' };
  if (wellKnownCACertificates !== undefined)
    return wellKnownCACertificates === 'System'
      ? { ...made, roots: [] }
      : { ...made, roots: [], fault: `\`${wellKnownCACertificates}\` certificate authorities are not known here` };
  const roots: string[] = [];
  for (const ref of caCertificateRefs) {
    const found =
      ref.kind === 'ConfigMap' || ref.kind === 'Secret'
        ? authorityAt(material, ref.kind, policy.metadata.namespace, ref.name)
        : `CA certificates in a \`${ref.kind}\` cannot be read here`;
    if (typeof found === 'string') return { ...made, roots: [], fault: found };
    roots.push(...found);
  }
  return { ...made, roots };
}

/** Says which policies could not be honoured. */
export function tellBackendTls(
  system: Pick<System, 'backendTlsPolicies'>,
  clusters: NodePlan['clusters'],
  services: readonly Service[],
  closed: { what: string; why: string; at: string }[],
): void {
  for (const cluster of clusters) {
    const why = cluster.originate?.fault;
    if (why === undefined) continue;
    const service = services.find(({ id }) => id === cluster.service);
    const port = service?.ports.find((one) => one.port === cluster.port);
    const policy = service && port && policyFor(system.backendTlsPolicies, service, port);
    closed.push({ what: `backend ${cluster.id}`, why, at: formatLocation(policy && originOf(policy)) });
  }
}

function policyFor(policies: readonly BackendTlsPolicy[], service: Service, port: ServicePort): BackendTlsPolicy | undefined {
  let best: BackendTlsPolicy | undefined;
  let bestNamed = false;
  for (const policy of policies) {
    if (policy.metadata.namespace !== service.namespace) continue;
    for (const { kind, name, sectionName } of policy.spec.targetRefs) {
      if (kind !== 'Service' || name !== service.name || (sectionName !== undefined && sectionName !== port.name)) continue;
      const named = sectionName !== undefined;
      if (best && (named === bestNamed ? !isOlder(policy, best) : bestNamed)) continue;
      best = policy;
      bestNamed = named;
    }
  }
  return best;
}

function isOlder(a: BackendTlsPolicy, b: BackendTlsPolicy): boolean {
  const key = ({ metadata }: BackendTlsPolicy): string => `${metadata.creationTimestamp ?? '~'} ${metadata.name}`;
  return key(a) < key(b);
}
