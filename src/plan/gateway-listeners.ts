// What each listener of a Gateway can do: conflicts on a port, certificates, client validation. What cannot be honoured closes the listener.
import type { ClientValidation, Gateway, GatewayListener, ObjectRef } from '#model/gateway.ts';
import type { ServingCertificate, TlsMaterial } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { routeKinds } from './gateway-attach.ts';
import { granted } from './grants.ts';
import type { Condition, ListenerTls } from './plan.ts';

/** Why a listener stays closed, with the condition that says so. */
export interface ListenerFault {
  readonly type: Condition['type'];
  readonly reason: string;
  readonly message: string;
}

export type ListenerSetup =
  | { readonly ok: true; readonly secure?: ListenerTls }
  | { readonly ok: false; readonly fault: ListenerFault };

/** Why a listener can have no place at all, or undefined when it can be opened. */
export function unsupported(listener: GatewayListener): string | undefined {
  return listener.protocol === 'UDP' ? 'protocol UDP is not served by this data plane' : undefined;
}

/** Which protocols may share a port: those that tell their listeners apart by host name in the same way. */
const SHARING: Readonly<Record<GatewayListener['protocol'], string>> = {
  HTTP: 'http',
  HTTPS: 'tls',
  TLS: 'tls',
  TCP: 'tcp',
  UDP: 'udp',
};

/** Listeners of one Gateway that want the same port in ways that exclude each other (Gateway API, "distinct listeners"). */
export function conflictsOf(gateway: Gateway): ReadonlyMap<GatewayListener, ListenerFault> {
  const faults = new Map<GatewayListener, ListenerFault>();
  const tcp = gateway.spec.listeners.filter(({ protocol }) => protocol !== 'UDP');
  for (const [port, group] of Map.groupBy(tcp, (listener) => listener.port)) {
    if (new Set(group.map(({ protocol }) => SHARING[protocol])).size > 1) {
      const protocols = [...new Set(group.map(({ protocol }) => protocol))].join(', ');
      const message = `port ${port} is asked for by protocols that cannot share it: ${protocols}`;
      for (const listener of group) faults.set(listener, { type: 'Conflicted', reason: 'ProtocolConflict', message });
      continue;
    }
    for (const [hostname, same] of Map.groupBy(group, (one) =>
      one.protocol === 'TCP' ? '' : (one.hostname ?? '').toLowerCase(),
    )) {
      if (same.length < 2) continue;
      const message = `port ${port} has several listeners for ${hostname === '' ? 'every host name' : `\`${hostname}\``}`;
      for (const listener of same) faults.set(listener, { type: 'Conflicted', reason: 'HostnameConflict', message });
    }
  }
  return faults;
}

/** What a listener needs beside its address, or why it stays closed. */
export function setUp(
  system: System,
  gateway: Gateway,
  listener: GatewayListener,
  conflict: ListenerFault | undefined,
  material: TlsMaterial | undefined,
): ListenerSetup {
  const why = unsupported(listener);
  if (why !== undefined) return { ok: false, fault: { type: 'Accepted', reason: 'UnsupportedProtocol', message: why } };
  if (conflict) return { ok: false, fault: conflict };
  const { kinds } = listener.allowedRoutes ?? {};
  const carried = routeKinds(listener);
  if (kinds && !kinds.some(({ kind }) => carried.some((one) => one === kind))) {
    const message = `none of the allowed kinds is one that protocol ${listener.protocol} carries`;
    return { ok: false, fault: { type: 'ResolvedRefs', reason: 'InvalidRouteKinds', message } };
  }
  // The mesh's own TLS needs nothing but the gateway's identity.
  if (!listener.tls || (listener.tls.mesh && (listener.tls.unknownOptions ?? []).length === 0)) return { ok: true };
  const secure = tlsOf({ system, gateway, material }, listener, listener.tls);
  return 'reason' in secure ? { ok: false, fault: secure } : { ok: true, secure };
}

interface Sources {
  readonly system: System;
  readonly gateway: Gateway;
  readonly material: TlsMaterial | undefined;
}

function tlsOf(
  sources: Sources,
  listener: GatewayListener,
  tls: NonNullable<GatewayListener['tls']>,
): ListenerTls | ListenerFault {
  const [unknown] = tls.unknownOptions ?? [];
  if (unknown !== undefined)
    return { type: 'Accepted', reason: 'UnsupportedValue', message: `the TLS option \`${unknown}\` is not known here` };
  const common = { mode: tls.mode, minVersion: tls.minVersion ?? ('TLSv1.2' as const) };
  if (tls.mode === 'Passthrough') return { ...common, certificates: [] };
  // Nobody looked: the plan is for a question, and a proxy that got it would refuse every handshake.
  if (!sources.material) return { ...common, certificates: [] };
  const certificates: ServingCertificate[] = [];
  for (const ref of tls.certificateRefs) {
    const found = certificateOf(sources, ref);
    if (typeof found !== 'string') {
      certificates.push(found.certificate);
      continue;
    }
    const reason = found.startsWith('no ReferenceGrant') ? 'RefNotPermitted' : 'InvalidCertificateRef';
    return { type: 'ResolvedRefs', reason, message: found };
  }
  const validation = validationOf(sources.gateway, listener, tls);
  if (!validation) return { ...common, certificates };
  const roots: string[] = [];
  for (const ref of validation.caCertificateRefs) {
    const found = authorityOf(sources, ref);
    if (typeof found !== 'string') {
      roots.push(...found);
      continue;
    }
    const reason = found.startsWith('no ReferenceGrant') ? 'RefNotPermitted' : 'InvalidCACertificateRef';
    return { type: 'ResolvedRefs', reason, message: found };
  }
  return { ...common, certificates, clients: { mode: validation.mode, roots } };
}

/** The listener's own wins, then its port's, then the Gateway's default. */
function validationOf(
  { spec }: Gateway,
  { port }: GatewayListener,
  tls: NonNullable<GatewayListener['tls']>,
): ClientValidation | undefined {
  if (tls.clientValidation) return tls.clientValidation;
  const ofPort = spec.frontend?.perPort.find((one) => one.port === port);
  return ofPort ? ofPort.validation : spec.frontend?.validation;
}

/** The key pair that a Gateway refers to, or why it cannot be used. */
export function certificateOf(
  { system, gateway, material }: Sources,
  ref: ObjectRef,
): { readonly certificate: ServingCertificate } | string {
  if (ref.kind !== 'Secret') return `a certificate in a \`${ref.kind}\` cannot be read here`;
  const namespace = ref.namespace ?? gateway.metadata.namespace;
  const refused = notGranted(system, gateway, 'Secret', namespace, ref.name);
  if (refused !== undefined) return refused;
  if (!material) return 'certificates were not looked for';
  const found = material.certificates[`Secret ${namespace}/${ref.name}`];
  if (found === undefined) return `there is no Secret \`${namespace}/${ref.name}\``;
  return typeof found === 'string' ? `the Secret \`${namespace}/${ref.name}\` ${found}` : { certificate: found };
}

function authorityOf({ system, gateway, material }: Sources, ref: ObjectRef): readonly string[] | string {
  if (ref.kind !== 'ConfigMap' && ref.kind !== 'Secret') return `CA certificates in a \`${ref.kind}\` cannot be read here`;
  const namespace = ref.namespace ?? gateway.metadata.namespace;
  const refused = notGranted(system, gateway, ref.kind, namespace, ref.name);
  if (refused !== undefined) return refused;
  return authorityAt(material, ref.kind, namespace, ref.name);
}

/** PEM blocks of a bundle of CA certificates, or why it cannot be used. */
export function authorityAt(
  material: TlsMaterial | undefined,
  kind: string,
  namespace: string,
  name: string,
): readonly string[] | string {
  if (!material) return 'certificates were not looked for';
  const found = material.authorities[`${kind} ${namespace}/${name}`];
  if (found === undefined) return `there is no ${kind} \`${namespace}/${name}\``;
  return typeof found === 'string' ? `the ${kind} \`${namespace}/${name}\` ${found}` : found;
}

function notGranted(system: System, gateway: Gateway, kind: string, namespace: string, name: string): string | undefined {
  const from = { kind: 'Gateway', namespace: gateway.metadata.namespace };
  if (granted(system, from, { kind, namespace, name })) return undefined;
  return `no ReferenceGrant in \`${namespace}\` lets this Gateway use the ${kind} \`${name}\``;
}
