// What the DestinationRule for a host outside the mesh says about calls of it: bounds, balance, and TLS that the proxy begins.
import type { ClientTls } from '#model/istio-traffic.ts';
import type { ServingCertificate, TlsMaterial } from '#model/observed.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { type Caller, type EffectiveRule, effectiveRule, policyForPort } from './destination-rules.ts';
import type { ExternalTls } from './plan.ts';
import { type TrafficPlan, trafficPlan } from './traffic.ts';

export interface OutsideRule {
  /** `namespace/name` */
  readonly id: string;
  readonly traffic: TrafficPlan;
  readonly tls?: ExternalTls;
  /** A member that cannot be honoured: calls by this rule are closed. */
  readonly unsupported?: string;
}

/** @param host lower case @param namespace of the ServiceEntry @param material what was found behind `credentialName`s */
export function outsideRule(
  system: System,
  caller: Caller,
  host: string,
  port: number,
  namespace: string,
  material: TlsMaterial | undefined,
): OutsideRule | undefined {
  const rule = effectiveRule(system, caller, host, namespace);
  if (!rule) return undefined;
  const { part, retryBudget } = policyForPort(rule, port);
  const tls = part.tls && tlsOf(rule, part.tls, material);
  const [unsupported] = rule.trafficPolicy?.unsupported ?? [];
  return {
    id: rule.id,
    traffic: trafficPlan(rule.id, part, retryBudget),
    ...(tls && { tls }),
    ...(unsupported !== undefined && { unsupported }),
  };
}

/** Where a rule's `credentialName` may lead: a Secret, or a ConfigMap with `ca.crt`. @param namespace of the rule */
export function credentialId(name: string, namespace: string): string {
  const plain = name.replace(/^configmap:\/\//, '');
  return plain.includes('/') ? plain : `${namespace}/${plain}`;
}

function tlsOf(rule: EffectiveRule, tls: ClientTls, material: TlsMaterial | undefined): ExternalTls | undefined {
  if (tls.mode === 'DISABLE') return undefined;
  const [namespace = ''] = rule.id.split('/');
  const found = tls.mode === 'ISTIO_MUTUAL' ? {} : credentials(tls, namespace, material);
  return {
    mode: tls.mode,
    sni: tls.sni ?? '',
    subjectAltNames: tls.subjectAltNames,
    ...found,
    insecureSkipVerify: tls.insecureSkipVerify === true,
    at: placeOf(rule),
  };
}

type Found = Pick<ExternalTls, 'ca' | 'certificate' | 'fault'>;

/** Roots and key pair that a rule names, or why they cannot be had. */
function credentials(tls: ClientTls, namespace: string, material: TlsMaterial | undefined): Found {
  if (tls.caCertificates ?? tls.clientCertificate ?? tls.privateKey)
    return { fault: 'files of a container are not read: put them into a Secret or ConfigMap and name it in `credentialName`' };
  if (!tls.credentialName) return tls.mode === 'MUTUAL' ? { fault: '`MUTUAL` needs a `credentialName`' } : {};
  if (!material) return { fault: 'credentials were not looked for' };
  const id = credentialId(tls.credentialName, namespace);
  // Whoever may write rules in one namespace may not thereby use the keys of another.
  if (!id.startsWith(`${namespace}/`)) return { fault: `\`${id}\` is not in the rule's own namespace` };
  const roots = [material.authorities[`Secret ${id}`], material.authorities[`ConfigMap ${id}`]];
  const list = roots.find((one): one is readonly string[] => Array.isArray(one));
  const ca = list && { ca: list.join('') };
  if (tls.mode === 'SIMPLE')
    return ca ?? { fault: faultOf(roots) ?? `there is no Secret or ConfigMap \`${id}\` with \`ca.crt\`` };
  const pair: ServingCertificate | string | undefined = material.certificates[`Secret ${id}`];
  if (typeof pair === 'object') return { ...ca, certificate: pair };
  return { fault: pair === undefined ? `there is no Secret \`${id}\`` : `the Secret \`${id}\` ${pair}` };
}

function faultOf(roots: readonly (readonly string[] | string | undefined)[]): string | undefined {
  const text = roots.find((one) => typeof one === 'string');
  return text && `the credential ${text as string}`;
}

function placeOf({ rules }: EffectiveRule): string {
  const [first] = rules;
  return formatLocation(first && (originOf(first.resource, ['spec', 'trafficPolicy', 'tls']) ?? originOf(first.resource)));
}
