// TLS that the proxy begins towards a destination outside: the DestinationRule that speaks about the host, and what of it applies to a port.
import { formatLocation, originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { covers, isExported } from './egress-visible.ts';
import type { ExternalTls } from './plan.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface RuleTls {
  /** `namespace/name` */
  readonly rule: string;
  /** Absent: the rule says plaintext, or nothing. */
  readonly tls?: ExternalTls;
}

/**
 * The rule for calls of `host` from namespace `from`: of the caller's namespace, else of the entry's, else of the root namespace; the longest host wins.
 * @param host lower case @param entryNamespace of the ServiceEntry
 */
export function ruleTls(system: System, host: string, port: number, from: string, entryNamespace: string): RuleTls | undefined {
  const rank = [from, entryNamespace, system.mesh.rootNamespace];
  const fitting = destinationRules(system)
    .filter(({ resource, spec }) => {
      const { namespace } = resource.metadata;
      const written = typeof spec['host'] === 'string' ? spec['host'].toLowerCase() : '';
      return rank.includes(namespace) && covers(written, host) && isExported(texts(spec['exportTo']), namespace, from);
    })
    .sort(
      (a, b) =>
        rank.indexOf(a.resource.metadata.namespace) - rank.indexOf(b.resource.metadata.namespace) ||
        String(b.spec['host']).length - String(a.spec['host']).length,
    );
  const [best] = fitting;
  if (!best) return undefined;
  const { namespace, name } = best.resource.metadata;
  const rule = `${namespace}/${name}`;
  const policy = record(best.spec['trafficPolicy']);
  const level = list(policy?.['portLevelSettings']).find((one) => record(record(one)?.['port'])?.['number'] === port);
  // A port's own settings replace those of the rule whole (istio/api, TrafficPolicy.PortTrafficPolicy).
  const path = level === undefined ? ['spec', 'trafficPolicy', 'tls'] : ['spec', 'trafficPolicy', 'portLevelSettings'];
  const written = record(level === undefined ? policy?.['tls'] : record(level)?.['tls']);
  const tls = written && tlsOf(system, written, namespace, formatLocation(originOf(best.resource, path) ?? originOf(best.resource)));
  return { rule, ...(tls && { tls }) };
}

function tlsOf(system: System, written: Raw, namespace: string, at: string): ExternalTls | undefined {
  const mode = text(written['mode']) || 'DISABLE';
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL' && mode !== 'ISTIO_MUTUAL') return undefined;
  const credential = text(written['credentialName']).replace(/^configmap:\/\//, '');
  const id = credential === '' ? '' : credential.includes('/') ? credential : `${namespace}/${credential}`;
  const ca = id === '' ? undefined : rootsOf(system, id);
  const files = {
    ...(text(written['caCertificates']) !== '' && { ca: text(written['caCertificates']) }),
    ...(text(written['clientCertificate']) !== '' && { certificate: text(written['clientCertificate']) }),
    ...(text(written['privateKey']) !== '' && { key: text(written['privateKey']) }),
  };
  return {
    mode,
    sni: text(written['sni']),
    subjectAltNames: texts(written['subjectAltNames']),
    ...(ca !== undefined && { ca }),
    credential: ca === undefined ? id : '',
    ...(Object.keys(files).length > 0 && { files }),
    insecureSkipVerify: written['insecureSkipVerify'] === true,
    at,
  };
}

/** Certificates are public and may stand in a ConfigMap, as Gateway API's BackendTLSPolicy has them; a Secret's values are not part of the System. */
function rootsOf(system: System, id: string): string | undefined {
  const found = system.resources.find(
    ({ kind, apiVersion, metadata }) => kind === 'ConfigMap' && apiVersion === 'v1' && `${metadata.namespace}/${metadata.name}` === id,
  );
  const data = record(found?.body['data']);
  return text(data?.['ca.crt'] ?? data?.['cacert']) || undefined;
}

function destinationRules(system: System): { readonly resource: Resource; readonly spec: Raw }[] {
  return system.resources.flatMap((resource) =>
    resource.kind === 'DestinationRule' && resource.apiVersion.startsWith('networking.istio.io/')
      ? [{ resource, spec: record(resource.spec) ?? {} }]
      : [],
  );
}

function record(value: unknown): Raw | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : undefined;
}
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
function texts(value: unknown): string[] {
  return list(value).filter((one) => typeof one === 'string');
}
