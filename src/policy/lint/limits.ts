// Rate limits that a policy, a plugin or a middleware sets on something else.
import { asObject, listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';

/** What limits in the System attach to, found once. */
export interface Limits {
  /** `Kind namespace/name` of what a policy with a rate limit targets. */
  readonly targets: ReadonlySet<string>;
  /** Selectors of such policies: the namespace, the kind and the labels. */
  readonly selectors: readonly {
    readonly namespace: string;
    readonly kind: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  /** `namespace/name` of Traefik Middlewares that limit, chains included. */
  readonly middlewares: ReadonlySet<string>;
  /** `namespace/name` of Kong plugins that limit; cluster-wide ones by name alone. */
  readonly plugins: ReadonlySet<string>;
  /** A Kong plugin for everything. */
  readonly everywhere: boolean;
  /** `namespace/name` of NGINX policies that limit. */
  readonly nginxPolicies: ReadonlySet<string>;
  readonly filters: readonly Resource[];
}

export function limitsOf(resources: readonly Resource[]): Limits {
  const targets = new Set<string>();
  const selectors: Limits['selectors'][number][] = [];
  for (const policy of resources) {
    if (!isPolicy(policy)) continue;
    const { namespace } = policy.metadata;
    const refs = [...listAt(policy.spec, 'targetRefs'), memberOf(policy.spec, 'targetRef')];
    for (const ref of refs) {
      const [kind, name] = [textAt(ref, 'kind'), textAt(ref, 'name')];
      if (kind && name) targets.add(`${kind} ${textAt(ref, 'namespace') ?? namespace}/${name}`);
    }
    for (const selector of listAt(policy.spec, 'targetSelectors')) {
      const kind = textAt(selector, 'kind');
      if (kind) selectors.push({ namespace, kind, labels: recordAt(selector, 'matchLabels') });
    }
  }
  const plugins = resources.filter((each) => /^Kong(?:Cluster)?Plugin$/.test(each.kind) && isKongLimit(each));
  return {
    targets,
    selectors,
    middlewares: middlewaresOf(resources),
    plugins: new Set(
      plugins.map(({ kind, metadata }) => (kind === 'KongPlugin' ? `${metadata.namespace}/${metadata.name}` : metadata.name)),
    ),
    everywhere: plugins.some(({ metadata }) => metadata.labels['global'] === 'true'),
    nginxPolicies: new Set(
      resources
        .filter(
          ({ apiVersion, kind, spec }) =>
            kind === 'Policy' && apiVersion.startsWith('k8s.nginx.org/') && objectAt(spec, 'rateLimit'),
        )
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ),
    filters: resources.filter(({ kind, apiVersion }) => kind === 'EnvoyFilter' && apiVersion.startsWith('networking.istio.io/')),
  };
}

/** Whether a policy names the resource, or picks it by label. */
export function isTargeted(limits: Limits, { kind, metadata }: Resource): boolean {
  if (limits.targets.has(`${kind} ${metadata.namespace}/${metadata.name}`)) return true;
  return limits.selectors.some(
    (each) => each.kind === kind && each.namespace === metadata.namespace && labelsMatch(each.labels, metadata.labels),
  );
}

/** Annotations of Kong on a route, an Ingress or a Service. */
export function hasKongLimit(limits: Limits, { metadata }: Resource): boolean {
  if (limits.everywhere) return true;
  const named = metadata.annotations['konghq.com/plugins'] ?? '';
  return named
    .split(',')
    .map((name) => name.trim())
    .some((name) => limits.plugins.has(`${metadata.namespace}/${name}`) || limits.plugins.has(name));
}

function isPolicy({ apiVersion, kind, spec }: Resource): boolean {
  if (kind === 'BackendTrafficPolicy') return apiVersion.startsWith('gateway.envoyproxy.io/') && !!objectAt(spec, 'rateLimit');
  if (kind === 'EnvoyPatchPolicy') return /rate_?limit/i.test(JSON.stringify(listAt(spec, 'jsonPatches')).slice(0, 200_000));
  // Kuadrant, NGINX Gateway Fabric, Cullis, Linkerd, GKE.
  return kind.endsWith('RateLimitPolicy') && asObject(spec) !== undefined;
}

function isKongLimit({ body }: Resource): boolean {
  return (
    /^(?:rate-limiting|rate-limiting-advanced|response-ratelimiting|service-protection)$/.test(textAt(body, 'plugin') ?? '') &&
    memberOf(body, 'disabled') !== true
  );
}

const CHAIN_MAX = 8;

function middlewaresOf(resources: readonly Resource[]): ReadonlySet<string> {
  const all = resources.filter(
    ({ kind, apiVersion }) => kind === 'Middleware' && /^traefik\.(?:io|containo\.us)\//.test(apiVersion),
  );
  const limiting = new Set<string>();
  const name = ({ metadata }: Resource): string => `${metadata.namespace}/${metadata.name}`;
  for (const one of all) if (objectAt(one.spec, 'rateLimit') ?? objectAt(one.spec, 'inFlightReq')) limiting.add(name(one));
  for (let round = 0; round < CHAIN_MAX; round++) {
    const before = limiting.size;
    for (const one of all) {
      const chain = listAt(objectAt(one.spec, 'chain'), 'middlewares');
      if (chain.some((ref) => limiting.has(`${textAt(ref, 'namespace') ?? one.metadata.namespace}/${textAt(ref, 'name') ?? ''}`)))
        limiting.add(name(one));
    }
    if (limiting.size === before) break;
  }
  return limiting;
}
