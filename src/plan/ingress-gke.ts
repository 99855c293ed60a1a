// GKE keeps part of an Ingress' settings in FrontendConfig and, by way of its Services, in BackendConfig.
import type { Resource } from '#model/resource.ts';
import type { AnnotationView, IngressDraft } from './ingress-settings.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Follows `networking.gke.io/v1beta1.FrontendConfig` on the Ingress and `cloud.google.com/backend-config` on its Services. */
export function gkeSettings(view: AnnotationView, draft: IngressDraft, ingress: Resource, others: readonly Resource[]): void {
  const { namespace } = ingress.metadata;
  const named = view.get('v1beta1.FrontendConfig', 'v1.FrontendConfig');
  const frontend =
    named &&
    others.find(
      ({ kind, metadata }) => kind === 'FrontendConfig' && metadata.namespace === namespace && metadata.name === named.value,
    );
  if (named && frontend) {
    const spec = raw(frontend.spec);
    const { enabled } = raw(spec['redirectToHttps']) as { readonly enabled?: unknown };
    if (typeof enabled === 'boolean') draft.tlsRedirect = { value: enabled, key: named.key, resource: frontend };
    const policy = spec['sslPolicy'];
    if (typeof policy === 'string') draft.tlsPolicies.push({ value: policy, key: named.key, resource: frontend });
  }
  const services = serviceNames(ingress.spec);
  for (const service of others) {
    if (service.kind !== 'Service' || service.metadata.namespace !== namespace || !services.has(service.metadata.name)) continue;
    const key = 'cloud.google.com/backend-config';
    const written = Object.hasOwn(service.metadata.annotations, key) ? service.metadata.annotations[key]! : '';
    for (const config of others) {
      if (config.kind !== 'BackendConfig' || config.metadata.namespace !== namespace) continue;
      if (written.includes(`"${config.metadata.name}"`)) backendSettings(config, key, draft);
    }
  }
}

function backendSettings(config: Resource, key: string, draft: IngressDraft): void {
  const spec = raw(config.spec);
  const { name } = raw(spec['securityPolicy']) as { readonly name?: unknown };
  if (typeof name === 'string' && name !== '')
    draft.waf = { value: { on: true, by: `Cloud Armor ${name}` }, key, resource: config };
  if (raw(spec['iap'])['enabled'] === true)
    draft.authentications.push({ value: { kind: 'oidc', enforced: true, by: 'Identity-Aware Proxy' }, key, resource: config });
}

/** Names of the Services that an Ingress leads to. */
function serviceNames(spec: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (backend: unknown): void => {
    const { name } = raw(raw(backend)['service']) as { readonly name?: unknown };
    const old = raw(backend)['serviceName'];
    if (typeof name === 'string') names.add(name);
    else if (typeof old === 'string') names.add(old);
  };
  add(raw(spec)['defaultBackend'] ?? raw(spec)['backend']);
  for (const rule of list(raw(spec)['rules'])) {
    for (const path of list(raw(raw(rule)['http'])['paths'])) add(raw(path)['backend']);
  }
  return names;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function raw(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}
