// Ways in: Services, Ingresses, Gateways, and the settings of namespaces and accounts.
import { ingressSettings } from '#plan/ingress.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { Resource } from '#model/resource.ts';
import { ENFORCE } from '../../pss/namespace.ts';
import type { Aspect, Pair } from '../aspect.ts';
import type { ParityDifference } from '../face.ts';
import { neutralJson, placeAt } from '../side.ts';
import { shown } from '../../shown.ts';

type Draft = Omit<ParityDifference, 'subject'>;

const TYPES: readonly string[] = ['ExternalName', 'ClusterIP', 'NodePort', 'LoadBalancer'];

export const serviceAspect: Aspect = {
  kinds: ['Service'],
  *compare({ a, b, sideA, sideB }) {
    const [left, right] = [a, b].map(({ spec }) => textAt(spec, 'type') ?? 'ClusterIP');
    if (left !== right) {
      yield {
        class: 'security',
        aspect: 'service',
        text: `is \`${left}\` in ${sideA.label} and \`${right}\` in ${sideB.label}`,
        weaker: TYPES.indexOf(left!) > TYPES.indexOf(right!) ? 'a' : 'b',
        a: placeAt(a, ['spec', 'type'], left!),
        b: placeAt(b, ['spec', 'type'], right!),
      };
    }
    const ranges = [a, b].map(({ spec }) => listAt(spec, 'loadBalancerSourceRanges').length > 0);
    if (ranges[0] !== ranges[1] && left === 'LoadBalancer' && right === 'LoadBalancer') {
      yield {
        class: 'security',
        aspect: 'service',
        text: `takes only some addresses in ${ranges[0] ? sideA.label : sideB.label}, and all in ${ranges[0] ? sideB.label : sideA.label}`,
        weaker: ranges[0] ? 'b' : 'a',
        a: placeAt(a, ['spec', 'loadBalancerSourceRanges'], String(ranges[0])),
        b: placeAt(b, ['spec', 'loadBalancerSourceRanges'], String(ranges[1])),
      };
    }
    const ports = [a, b].map(({ spec }) =>
      listAt(spec, 'ports')
        .map((port) => shown(memberOf(port, 'port')))
        .toSorted()
        .join(', '),
    );
    if (ports[0] !== ports[1]) {
      yield {
        class: 'config',
        aspect: 'service',
        text: `has the ports ${ports[0]} in ${sideA.label} and ${ports[1]} in ${sideB.label}`,
        a: placeAt(a, ['spec', 'ports'], ports[0]!),
        b: placeAt(b, ['spec', 'ports'], ports[1]!),
      };
    }
  },
};

/** A protection that an Ingress has or has not. */
const PROTECTIONS: readonly (readonly [what: string, has: (resource: Resource, side: Pair['sideA']) => boolean])[] = [
  ['TLS', ({ spec }) => listAt(spec, 'tls').length > 0],
  ['a redirect to TLS', (resource, side) => ingressSettings(resource, side.system.resources).tlsRedirect?.value !== false],
  [
    'authentication',
    (resource, side) => ingressSettings(resource, side.system.resources).authentications.some(({ value }) => value.enforced),
  ],
  ['a rate limit', (resource, side) => ingressSettings(resource, side.system.resources).rateLimits.length > 0],
  [
    'a list of allowed addresses',
    (resource, side) => ingressSettings(resource, side.system.resources).sourceRanges !== undefined,
  ],
  ['a web application firewall', (resource, side) => ingressSettings(resource, side.system.resources).waf?.value.on === true],
];

export const ingressAspect: Aspect = {
  kinds: ['Ingress'],
  *compare({ a, b, sideA, sideB }) {
    for (const [what, has] of PROTECTIONS) {
      const [left, right] = [has(a, sideA), has(b, sideB)];
      if (left === right) continue;
      const path = what === 'TLS' ? ['spec', 'tls'] : ['metadata', 'annotations'];
      yield {
        class: 'security',
        aspect: 'ingress',
        text: `has ${what} in ${left ? sideA.label : sideB.label} and not in ${left ? sideB.label : sideA.label}`,
        weaker: left ? 'b' : 'a',
        a: placeAt(a, path, String(left)),
        b: placeAt(b, path, String(right)),
      };
    }
    const hosts = [a, b].map(({ spec }) =>
      listAt(spec, 'rules')
        .map((rule) => textAt(rule, 'host') ?? '*')
        .join(', '),
    );
    if (hosts[0] !== hosts[1]) {
      yield {
        class: 'expected',
        aspect: 'hosts',
        text: `serves ${hosts[0]} in ${sideA.label} and ${hosts[1]} in ${sideB.label}`,
        a: placeAt(a, ['spec', 'rules'], hosts[0]!),
        b: placeAt(b, ['spec', 'rules'], hosts[1]!),
      };
    }
  },
};

/** What of a gateway or a rule for callers is about encryption and identity. */
export const transportAspect: Aspect = {
  kinds: ['Gateway', 'DestinationRule', 'VirtualService', 'HTTPRoute', 'GRPCRoute'],
  *compare({ a, b, sideA, sideB }) {
    const [left, right] = [a, b].map(transportOf);
    if (left !== right) {
      yield {
        class: 'security',
        aspect: 'transport',
        text: `encrypts otherwise in ${sideA.label} than in ${sideB.label}`,
        a: placeAt(a, ['spec'], 'this'),
        b: placeAt(b, ['spec'], 'this'),
      };
    } else if (neutralJson(a.spec) !== neutralJson(b.spec)) {
      yield {
        class: 'config',
        aspect: 'routing',
        text: `routes otherwise in ${sideA.label} than in ${sideB.label}`,
        a: placeAt(a, ['spec'], 'this'),
        b: placeAt(b, ['spec'], 'this'),
      };
    }
  },
};

/** Names of certificates and hosts differ by their nature; modes, versions and protocols do not. */
function transportOf({ spec }: Resource): string {
  const strip = (tls: unknown): unknown => {
    const { mode, httpsRedirect, minProtocolVersion, cipherSuites, insecureSkipVerify } = (tls ?? {}) as Record<string, unknown>;
    return { mode, httpsRedirect, minProtocolVersion, cipherSuites, insecureSkipVerify };
  };
  return neutralJson([
    listAt(spec, 'listeners').map((each) => [memberOf(each, 'protocol'), strip(objectAt(each, 'tls'))]),
    listAt(spec, 'servers').map((each) => [memberOf(objectAt(each, 'port'), 'protocol'), strip(objectAt(each, 'tls'))]),
    strip(objectAt(objectAt(spec, 'trafficPolicy'), 'tls')),
  ]);
}

const LEVELS: readonly (string | undefined)[] = ['privileged', undefined, 'baseline', 'restricted'];
const LABELS: readonly string[] = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode', 'linkerd.io/inject'];

export const namespaceAspect: Aspect = {
  kinds: ['Namespace'],
  *compare({ a, b, sideA, sideB }): Generator<Draft> {
    const [left, right] = [a.metadata.labels[ENFORCE], b.metadata.labels[ENFORCE]];
    if (left !== right) {
      yield {
        class: 'security',
        aspect: 'namespace',
        text: `enforces \`${left ?? 'nothing'}\` in ${sideA.label} and \`${right ?? 'nothing'}\` in ${sideB.label}`,
        weaker: LEVELS.indexOf(left) < LEVELS.indexOf(right) ? 'a' : 'b',
        a: placeAt(a, ['metadata', 'labels', ENFORCE], left ?? 'nothing'),
        b: placeAt(b, ['metadata', 'labels', ENFORCE], right ?? 'nothing'),
      };
    }
    for (const label of LABELS) {
      const [one, two] = [a.metadata.labels[label], b.metadata.labels[label]];
      if (one === two || (label === 'istio.io/rev' && one !== undefined && two !== undefined)) continue;
      yield {
        class: 'security',
        aspect: 'namespace',
        text: `\`${label}\` is \`${one ?? 'not set'}\` in ${sideA.label} and \`${two ?? 'not set'}\` in ${sideB.label}`,
        ...(one === undefined || two === undefined ? { weaker: one === undefined ? ('a' as const) : ('b' as const) } : {}),
        a: placeAt(a, ['metadata', 'labels', label], one ?? 'not set'),
        b: placeAt(b, ['metadata', 'labels', label], two ?? 'not set'),
      };
    }
  },
};

export const accountAspect: Aspect = {
  kinds: ['ServiceAccount'],
  *compare({ a, b, sideA, sideB }): Generator<Draft> {
    const [left, right] = [a, b].map(({ body }) => memberOf(body, 'automountServiceAccountToken') !== false);
    if (left === right) return;
    yield {
      class: 'security',
      aspect: 'account',
      text: `has its token mounted in ${left ? sideA.label : sideB.label} only`,
      weaker: left ? 'a' : 'b',
      a: placeAt(a, ['automountServiceAccountToken'], String(left)),
      b: placeAt(b, ['automountServiceAccountToken'], String(right)),
    };
  },
};

/** Keys of ConfigMaps and Secrets; their values differ by their nature. */
export const keysAspect: Aspect = {
  kinds: ['ConfigMap', 'Secret'],
  *compare({ a, b, sideA, sideB }): Generator<Draft> {
    const keys = [a, b].map(
      ({ body }) => new Set(['data', 'stringData'].flatMap((name) => Object.keys(objectAt(body, name) ?? {}))),
    );
    const [onlyA, onlyB] = [keys[0]!.difference(keys[1]!), keys[1]!.difference(keys[0]!)];
    for (const [only, label] of [
      [onlyA, sideA.label],
      [onlyB, sideB.label],
    ] as const) {
      if (only.size === 0) continue;
      yield {
        class: 'config',
        aspect: 'keys',
        text: `has ${[...only]
          .slice(0, 4)
          .map((key) => `\`${key}\``)
          .join(', ')} in ${label} only`,
        a: placeAt(a, ['data'], 'keys'),
        b: placeAt(b, ['data'], 'keys'),
      };
    }
  },
};
