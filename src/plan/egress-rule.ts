// What the DestinationRule for a host outside the mesh says about calls of it: bounds, balance, and TLS that the proxy begins.
import type { ClientTls } from '#model/istio-traffic.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { type Caller, type EffectiveRule, effectiveRule, policyForPort } from './destination-rules.ts';
import type { ExternalTls } from './plan.ts';
import { type TrafficPlan, trafficPlan } from './traffic.ts';

export interface OutsideRule {
  /** `namespace/name` */
  readonly id: string;
  readonly at: string;
  readonly traffic: TrafficPlan;
  readonly tls?: ExternalTls;
  /** A member that cannot be honoured: calls by this rule are closed. */
  readonly unsupported?: string;
}

/** @param host lower case @param namespace of the ServiceEntry */
export function outsideRule(system: System, caller: Caller, host: string, port: number, namespace: string): OutsideRule | undefined {
  const rule = effectiveRule(system, caller, host, namespace);
  if (!rule) return undefined;
  const { part, retryBudget } = policyForPort(rule, port);
  const tls = part.tls && tlsOf(system, rule, part.tls);
  const [unsupported] = rule.trafficPolicy?.unsupported ?? [];
  return {
    id: rule.id,
    at: placeOf(rule, []),
    traffic: trafficPlan(rule.id, part, retryBudget),
    ...(tls && { tls }),
    ...(unsupported !== undefined && { unsupported }),
  };
}

function tlsOf(system: System, rule: EffectiveRule, tls: ClientTls): ExternalTls | undefined {
  if (tls.mode === 'DISABLE') return undefined;
  const [namespace] = rule.id.split('/');
  const credential = (tls.credentialName ?? '').replace(/^configmap:\/\//, '');
  const id = credential === '' ? '' : credential.includes('/') ? credential : `${namespace}/${credential}`;
  const ca = id === '' ? undefined : rootsOf(system, id);
  const files = {
    ...(tls.caCertificates && { ca: tls.caCertificates }),
    ...(tls.clientCertificate && { certificate: tls.clientCertificate }),
    ...(tls.privateKey && { key: tls.privateKey }),
  };
  return {
    mode: tls.mode,
    sni: tls.sni ?? '',
    subjectAltNames: tls.subjectAltNames,
    ...(ca !== undefined && { ca }),
    credential: ca === undefined ? id : '',
    ...(Object.keys(files).length > 0 && { files }),
    insecureSkipVerify: tls.insecureSkipVerify === true,
    at: placeOf(rule, ['spec', 'trafficPolicy', 'tls']),
  };
}

function placeOf({ rules }: EffectiveRule, path: readonly string[]): string {
  const [first] = rules;
  return formatLocation(first && (originOf(first.resource, path) ?? originOf(first.resource)));
}

/** Certificates are public and may stand in a ConfigMap, as Gateway API's BackendTLSPolicy has them; a Secret's values are not part of the System. */
function rootsOf(system: System, id: string): string | undefined {
  const found = system.resources.find(
    ({ kind, apiVersion, metadata }) => kind === 'ConfigMap' && apiVersion === 'v1' && `${metadata.namespace}/${metadata.name}` === id,
  );
  const data = found?.body['data'];
  if (typeof data !== 'object' || data === null) return undefined;
  const { 'ca.crt': roots, cacert } = data as Readonly<Record<string, unknown>>;
  const text = roots ?? cacert;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
