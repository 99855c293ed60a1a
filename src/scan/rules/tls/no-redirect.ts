import { originOf } from '#model/origin.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { recordAt } from '#base/raw.ts';
import { ingressesOf } from './ingress-hosts.ts';

export const noRedirect = {
  id: 'tls.no-redirect',
  name: 'Plain HTTP answered beside TLS',
  severity: 'medium',
  cwe: [319, 757],
  why: 'A browser that is given a name begins with plain HTTP: without a redirect its first request, and with it cookies and forms, passes in clear, and whoever stands on the way keeps it there.',
  help: 'Redirect plain HTTP, or close port 80.',
  references: [
    'https://kubernetes.github.io/ingress-nginx/user-guide/tls/#server-side-https-enforcement-through-redirect',
    'RFC 6797',
  ],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

/** These answer in clear unless they are told otherwise; ingress-nginx and HAProxy redirect by themselves where there is TLS. */
const NOT_BY_ITSELF: Readonly<Record<string, string>> = {
  alb: 'alb.ingress.kubernetes.io/ssl-redirect: "443"',
  gce: 'kubernetes.io/ingress.allow-http: "false"',
  traefik: 'traefik.ingress.kubernetes.io/router.entrypoints: websecure',
};

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { resource, settings, tls } of ingressesOf(system)) {
    const { tlsRedirect, plainHttp, controllers } = settings;
    if (!tls || plainHttp?.value === false || tlsRedirect?.value === true) continue;
    const { name } = resource.metadata;
    const document = originOf(resource);
    if (tlsRedirect) {
      const path = ['metadata', 'annotations', tlsRedirect.key];
      yield {
        title: `Ingress \`${name}\` answers plain HTTP beside TLS: \`${tlsRedirect.key}\` is off`,
        at: { resource, path },
        fix: {
          text: 'Let it redirect.',
          yaml: `metadata:\n  annotations:\n    ${tlsRedirect.key}: "true"`,
          ...(document && { edits: [{ op: 'set' as const, document, path, value: 'true' }] }),
        },
      };
    } else {
      const line = controllers.map((each) => NOT_BY_ITSELF[each]).find((each) => each !== undefined);
      if (line === undefined) continue;
      yield {
        title: `Ingress \`${name}\` answers plain HTTP beside TLS: its controller redirects only when it is told to`,
        severity: 'low',
        at: { resource, path: ['metadata', 'annotations'] },
        fix: { text: 'Redirect, or close port 80.', yaml: `metadata:\n  annotations:\n    ${line}` },
      };
    }
  }
  for (const resource of system.resources) {
    if (resource.kind !== 'ConfigMap') continue;
    const data = recordAt(resource.body, 'data');
    const off = data['ssl-redirect'] === 'false' && !/^true$/.test(data['force-ssl-redirect'] ?? '');
    // The ConfigMap of an ingress controller, told by other settings of its kind or by its name.
    if (!off || !/ingress|nginx|haproxy|controller/i.test(resource.metadata.name)) continue;
    yield {
      title: `ConfigMap \`${resource.metadata.name}\` switches the redirect to TLS off for every Ingress`,
      at: { resource, path: ['data', 'ssl-redirect'] },
      fix: { text: 'Let the controller redirect.', yaml: 'data:\n  ssl-redirect: "true"' },
    };
  }
}
