// BackendTLSPolicy: v1 and v1alpha3 have `targetRefs` and `validation`, v1alpha2 had `targetRef` and `tls`.
import type { BackendTlsPolicySpec } from '#model/gateway.ts';
import { also, anything, list, object, oneOf, optional, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { dnsLabel, subdomain } from '../metadata.ts';
import { group, kind, objectName, preciseHostname, qualifiedKind } from './common.ts';
import { objectRef } from './refs.ts';

const targetRef = object({
  group: optional(group),
  kind: required(kind),
  name: required(objectName),
  namespace: optional(dnsLabel),
  sectionName: optional(subdomain),
});
const altName = also(
  object({
    type: required(oneOf(['Hostname', 'URI'])),
    hostname: optional(preciseHostname),
    uri: optional(text({ min: 1, max: 253 })),
  }),
  (read, scope) => {
    const wanted = read.type === 'Hostname' ? 'hostname' : 'uri';
    if (read[wanted] === undefined) scope.error('required', `type \`${read.type}\` needs \`${wanted}\``);
  },
);
const caRefs = list(objectRef('ConfigMap'), { max: 8 });
const validation = object({
  hostname: required(preciseHostname),
  caCertificateRefs: optional(caRefs),
  wellKnownCACertificates: optional(text({ max: 253 })),
  subjectAltNames: optional(list(altName, { max: 5 })),
});
const older = object({
  hostname: required(preciseHostname),
  caCertRefs: optional(caRefs),
  caCertificateRefs: optional(caRefs),
  wellKnownCACerts: optional(text({ max: 253 })),
});
const SPEC = object({
  targetRefs: optional(list(targetRef, { min: 1, max: 16 })),
  targetRef: optional(targetRef),
  validation: optional(validation),
  tls: optional(older),
  options: optional(anything),
});
type Read = NonNullable<ReturnType<typeof SPEC>>;

const complete: Check<BackendTlsPolicySpec> = (value, scope) => {
  const read = (SPEC as Check<Read>)(value, scope);
  if (!read) return undefined;
  const targets = read.targetRefs ?? (read.targetRef ? [read.targetRef] : []);
  if (targets.length === 0) scope.error('required', 'the policy needs `targetRefs`');
  const wanted: Partial<NonNullable<Read['validation']>> = read.validation ?? (read.tls ? fromOlder(read.tls) : {});
  if (wanted.hostname === undefined)
    scope.warn('required', 'the policy says nothing of `validation`: gateways send nothing to its targets');
  const { hostname = '', caCertificateRefs = [], wellKnownCACertificates, subjectAltNames = [] } = wanted;
  if (hostname !== '' && caCertificateRefs.length === 0 && wellKnownCACertificates === undefined)
    scope.error('required', '`validation` needs `caCertificateRefs` or `wellKnownCACertificates`');
  if (caCertificateRefs.length > 0 && wellKnownCACertificates !== undefined)
    scope.error('validation', '`caCertificateRefs` and `wellKnownCACertificates` exclude each other');
  return {
    targetRefs: targets.map((each) => ({
      kind: qualifiedKind(each.group ?? '', each.kind, ''),
      name: each.name,
      ...(each.sectionName === undefined ? {} : { sectionName: each.sectionName }),
    })),
    validation: {
      hostname,
      caCertificateRefs,
      ...(wellKnownCACertificates === undefined ? {} : { wellKnownCACertificates }),
      subjectAltNames: subjectAltNames.map(({ type, hostname: name, uri }) => ({
        type,
        value: (type === 'URI' ? uri : name) ?? '',
      })),
    },
  };
};

function fromOlder(tls: NonNullable<Read['tls']>): NonNullable<Read['validation']> {
  const refs = tls.caCertRefs ?? tls.caCertificateRefs;
  return {
    hostname: tls.hostname,
    ...(refs === undefined ? {} : { caCertificateRefs: refs }),
    ...(tls.wellKnownCACerts === undefined ? {} : { wellKnownCACertificates: tls.wellKnownCACerts }),
  };
}

export const readBackendTlsPolicy: KindReader = (document, scope) => {
  const typed = scope.at('spec', () => complete(document.raw['spec'] ?? {}, scope));
  if (!typed) return undefined;
  const policy = resourceOf(document, 'BackendTLSPolicy', typed);
  return { resource: policy, part: { type: 'backendTlsPolicy', policy } };
};
