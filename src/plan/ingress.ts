// What annotations of an Ingress ask of its controller, whatever controller that is.
import type { Resource } from '#model/resource.ts';
import { ANNOTATION_ROWS } from './ingress-annotations.ts';
import { gkeSettings } from './ingress-gke.ts';
import type { AnnotationView, IngressController, IngressDraft, IngressSettings } from './ingress-settings.ts';
import { traefikSettings } from './ingress-traefik.ts';

/** Prefixes of annotations, and whose they are. */
const PREFIXES: readonly (readonly [prefix: string, controller: IngressController])[] = [
  ['nginx.ingress.kubernetes.io/', 'nginx'],
  ['nginx.org/', 'nginx-org'],
  ['nginx.com/', 'nginx-org'],
  ['appprotect.f5.com/', 'nginx-org'],
  ['traefik.ingress.kubernetes.io/', 'traefik'],
  ['haproxy.org/', 'haproxy'],
  ['haproxy-ingress.github.io/', 'haproxy-ingress'],
  ['ingress.kubernetes.io/', 'haproxy-ingress'],
  ['alb.ingress.kubernetes.io/', 'alb'],
  ['networking.gke.io/', 'gce'],
  ['ingress.gcp.kubernetes.io/', 'gce'],
  ['kubernetes.io/ingress.', 'gce'],
];
const CLASS_KEY = 'kubernetes.io/ingress.class';

/** Which controllers a class can mean; a name that says nothing leaves them all. */
const CLASSES: readonly (readonly [word: RegExp, controllers: readonly IngressController[]])[] = [
  [/nginx/i, ['nginx', 'nginx-org']],
  [/traefik/i, ['traefik']],
  [/haproxy/i, ['haproxy', 'haproxy-ingress']],
  [/^alb$|aws/i, ['alb']],
  [/^gce|gke/i, ['gce']],
];

/**
 * Reads the annotations of an Ingress. Those of a controller that does not serve its class have no effect and are left out.
 * @param resource an Ingress
 * @param others resources that annotations may name (Middleware, FrontendConfig): those of the System; without them only what
 * annotations say themselves is known
 * @example ingressSettings(ingress).sourceRanges // { value: ['10.0.0.0/8'], key: 'nginx.ingress.kubernetes.io/whitelist-source-range' }
 */
export function ingressSettings(resource: Resource, others: readonly Resource[] = []): IngressSettings {
  const { annotations } = resource.metadata;
  const className = classOf(resource);
  const served = className === undefined ? undefined : CLASSES.find(([word]) => word.test(className))?.[1];
  const found = new Map<IngressController, Map<string, string>>();
  const draft: IngressDraft = {
    controllers: [],
    rateLimits: [],
    authentications: [],
    snippets: [],
    tlsPolicies: [],
    ...(className !== undefined && { className }),
  };
  for (const key of Object.keys(annotations)) {
    const row = PREFIXES.find(([prefix]) => key.startsWith(prefix));
    if (!row || key === CLASS_KEY || (served && !served.includes(row[1]))) continue;
    const own = found.get(row[1]) ?? new Map<string, string>();
    found.set(row[1], own);
    own.set(key.slice(row[0].length), key);
  }
  for (const [controller, keys] of found) {
    const view = viewOf(keys, annotations);
    for (const row of ANNOTATION_ROWS[controller]) row(view, draft);
    if (controller === 'traefik') traefikSettings(view, draft, resource, others);
    if (controller === 'gce') gkeSettings(view, draft, resource, others);
  }
  if (className !== undefined && /^gce-internal$/.test(className))
    draft.reachableFrom ??= { value: 'internal', key: CLASS_KEY in annotations ? CLASS_KEY : '' };
  return { ...draft, controllers: found.size > 0 ? [...found.keys()] : (served ?? []) };
}

function classOf(resource: Resource): string | undefined {
  const spec = resource.spec as { readonly ingressClassName?: unknown } | null | undefined;
  if (typeof spec?.ingressClassName === 'string') return spec.ingressClassName;
  return Object.hasOwn(resource.metadata.annotations, CLASS_KEY) ? resource.metadata.annotations[CLASS_KEY] : undefined;
}

function viewOf(keys: ReadonlyMap<string, string>, annotations: Readonly<Record<string, string>>): AnnotationView {
  return {
    names: [...keys.keys()],
    get: (...names) => {
      for (const name of names) {
        const key = keys.get(name);
        if (key !== undefined) return { value: (annotations[key] ?? '').trim(), key };
      }
      return undefined;
    },
  };
}
