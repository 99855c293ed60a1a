import type { FindingSeverity } from '#model/finding.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Service, ServicePort, System, Workload } from '#model/system.ts';
import { Memberships } from '../../reach/membership.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ingressesOf } from './ingress-hosts.ts';
import type { IngressBackend, IngressView } from './ingress-hosts.ts';

export const backendPlain = {
  id: 'tls.backend-plain',
  name: 'Plaintext behind the edge',
  severity: 'low',
  cwe: [319],
  why: 'TLS ends at the edge, and from there requests with their tokens and personal data pass the network of the cluster in clear: every node and every pod that can watch or spoof that network reads them.',
  help: 'Put the workload into a mesh with STRICT mutual TLS, or serve TLS in it and say so at the edge (`backend-protocol: HTTPS`, BackendTLSPolicy).',
  references: ['https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/', 'NIST SP 800-207'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

const SENSITIVE =
  /(?:^|[-_.])(?:auth\w*|login|identity|iam|sso|users?|accounts?|customers?|payments?|paymentservice|billing|wallet|checkout\w*|vault|keycloak|patients?|health\w*|kyc|cards?)(?:[-_.]|$)/;
const TLS_PORTS: readonly unknown[] = [443, 6443, 8443, 9443];

function* check({ system }: ScanContext): Generator<Hit> {
  const world = {
    system,
    mesh: new Memberships(system),
    services: new Map(system.services.map((each) => [each.id, each])),
    workloads: Map.groupBy(system.workloads, ({ namespace }) => namespace),
  };
  for (const view of ingressesOf(system)) yield* checkIngress(world, view);
  yield* checkGateways(world);
}

/** Protocols that carry TLS to the backend. */
const ENCRYPTED: readonly (string | undefined)[] = ['https', 'grpcs', 'h2', 'auto'];

interface World {
  readonly system: System;
  readonly mesh: Memberships;
  readonly services: ReadonlyMap<string, Service>;
  readonly workloads: ReadonlyMap<string, readonly Workload[]>;
}

function* checkIngress(world: World, view: IngressView): Generator<Hit> {
  const { resource, settings, tls } = view;
  const encrypted = ENCRYPTED.includes(settings.backendProtocol?.value) || settings.tlsPassthrough?.value === true;
  if (encrypted) return;
  const told = new Set<string>();
  for (const backend of view.backends) {
    const found = serviceOf(world, resource.metadata.namespace, backend);
    if (!found) continue;
    const { service, port } = found;
    const key = `${service.id}:${port.port}`;
    const targets = workloadsOf(world, service);
    if (told.has(key) || (targets.length > 0 && targets.every((each) => world.mesh.of(each).kind !== 'none'))) continue;
    const nginx =
      settings.controllers.length === 0 || settings.controllers.some((each) => each === 'nginx' || each === 'nginx-org');
    const servesTls = (port.protocol === 'tls' || TLS_PORTS.includes(port.targetPort)) && nginx;
    if (!tls && !servesTls) continue;
    told.add(key);
    const where = settings.backendProtocol ? ['metadata', 'annotations', settings.backendProtocol.key] : backend.path;
    yield {
      title: servesTls
        ? `the edge speaks plain HTTP to \`${service.id}\` port \`${port.port}\`, which serves TLS`
        : `TLS of \`${backend.host || 'every host'}\` ends at Ingress \`${resource.metadata.name}\`; requests to \`${service.id}\` go on in clear`,
      severity: servesTls ? 'medium' : severityOf(service, targets),
      at: { resource, path: where },
      detail: key,
      fix: {
        text: 'Encrypt what goes to the workload: a mesh with STRICT mutual TLS, or TLS in the workload and this at the Ingress.',
        yaml: 'metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/backend-protocol: HTTPS\n    nginx.ingress.kubernetes.io/proxy-ssl-verify: "on"',
      },
    };
  }
}

function* checkGateways(world: World): Generator<Hit> {
  const { system } = world;
  const covered = new Set(
    system.resources
      .filter(({ kind }) => kind === 'BackendTLSPolicy')
      .flatMap(({ spec, metadata }) =>
        ((spec as { readonly targetRefs?: readonly { readonly name?: unknown }[] } | null)?.targetRefs ?? []).map(
          ({ name }) => `${metadata.namespace}/${String(name)}`,
        ),
      ),
  );
  const told = new Set<string>();
  for (const gateway of system.gateways) {
    const ending = gateway.spec.listeners.filter(({ tls, protocol }) => protocol === 'HTTPS' && tls?.mode !== 'Passthrough');
    if (ending.length === 0) continue;
    for (const route of system.httpRoutes) {
      const attached = route.spec.parentRefs.some(
        (ref) =>
          ref.name === gateway.metadata.name &&
          (ref.namespace ?? route.metadata.namespace) === gateway.metadata.namespace &&
          (ref.sectionName === undefined || ending.some(({ name }) => name === ref.sectionName)),
      );
      if (!attached) continue;
      for (const [rule, { backendRefs }] of route.spec.rules.entries()) {
        for (const [index, ref] of backendRefs.entries()) {
          const id = `${ref.namespace ?? route.metadata.namespace}/${ref.name}`;
          const service = world.services.get(id);
          const port = service?.ports.find((each) => each.port === ref.port);
          if (!service || !port || port.protocol === 'tls' || covered.has(id) || told.has(`${id}:${ref.port}`)) continue;
          const targets = workloadsOf(world, service);
          if (targets.length > 0 && targets.every((each) => world.mesh.of(each).kind !== 'none')) continue;
          told.add(`${id}:${ref.port}`);
          yield {
            title: `TLS ends at Gateway \`${gateway.metadata.name}\`; requests to \`${id}\` go on in clear`,
            severity: severityOf(service, targets),
            at: { resource: route, path: ['spec', 'rules', rule, 'backendRefs', index] },
            detail: `${id}:${ref.port}`,
            fix: {
              text: 'Encrypt what goes to the workload: a mesh with STRICT mutual TLS, or TLS in the workload and a BackendTLSPolicy.',
              yaml: `apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata:\n  name: ${ref.name}\n  namespace: ${id.split('/')[0]}\nspec:\n  targetRefs:\n    - {group: "", kind: Service, name: ${ref.name}}\n  validation:\n    hostname: ${ref.name}\n    caCertificateRefs:\n      - {group: "", kind: ConfigMap, name: ca}`,
            },
          };
        }
      }
    }
  }
}

function severityOf(service: Service, targets: readonly Workload[]): FindingSeverity {
  const declared = targets.some(
    ({ annotations, resource }) => 'cullis.dev/asset' in annotations || 'cullis.dev/asset' in resource.metadata.annotations,
  );
  return declared || SENSITIVE.test(service.name) ? 'medium' : 'low';
}

function serviceOf(
  { services }: World,
  namespace: string,
  backend: IngressBackend,
): { readonly service: Service; readonly port: ServicePort } | undefined {
  const service = services.get(`${namespace}/${backend.service}`);
  const port =
    service?.ports.find((each) => each.port === backend.port || each.name === backend.port) ??
    (backend.port === undefined ? service?.ports[0] : undefined);
  return service && port && { service, port };
}

function workloadsOf({ workloads }: World, service: Service): readonly Workload[] {
  const { selector } = service;
  if (!selector || Object.keys(selector).length === 0) return [];
  return (workloads.get(service.namespace) ?? []).filter(({ labels }) => labelsMatch(selector, labels));
}
