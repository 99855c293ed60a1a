// What each field of a rule looks at: one row a field. A field that is not in a table does not exist.
import { IpSet, parseIpRange } from '#base/ip-set.ts';
import type { Attributes, RequestAuth } from '#model/decision.ts';
import type { AuthorizationAction, AuthorizationOperation, AuthorizationSource } from '#model/istio.ts';
import { claimAt, claimTest, parseClaimPath, requestPrincipalTest } from './claims.ts';
import type { AuthTest } from './claims.ts';
import { headerReader, headerTest, isSensitiveHeader, refuseHeader } from './headers.ts';
import type { AttributeTest } from './headers.ts';
import { namespaceTest, parseIdentity, principalTest, serviceAccountTest, SPIFFE, trustDomainTest } from './identity.ts';
import { compilePathTemplate, isPathTemplate } from './path-template.ts';
import { anyString, anyTest, parseStringRule } from './strings.ts';
import type { StringRule, TextTest } from './strings.ts';
import { expandPrincipals, expandTrustDomains } from './trust-domain.ts';

/** Where and for what a rule is compiled. */
export interface RuleContext {
  readonly action: AuthorizationAction;
  readonly policyNamespace: string;
  /** The mesh's trust domain, then its aliases. */
  readonly trustDomains: readonly string[];
  readonly layer: 'http' | 'tcp' | 'ambient';
}

/** The attribute a field depends on alone; `other` may look at anything. */
export type Dimension = 'identity' | 'method' | 'port' | 'path' | 'host' | 'other';

export interface Kind {
  /** For people: `principal`, `method`. */
  readonly label: string;
  /** `l7` fields do not exist on TCP connections. */
  readonly layer: 'l4' | 'l7';
  /** Whether ztunnel looks at it (ambient mode without a waypoint). */
  readonly ztunnel: boolean;
  /** Whether it needs a verified token, which the CUSTOM stage does not have yet. */
  readonly token?: boolean;
  readonly dimension: Dimension;
  /** Values must stay out of reasons. */
  readonly secret?: boolean;
  /** Why one value cannot be honoured, or undefined. */
  refuse(value: string): string | undefined;
  /** The condition over the values that were not refused, negation included. */
  build(values: readonly string[], negated: boolean, context: RuleContext): AttributeTest;
  /** What the request shows, for reasons. */
  actual(a: Attributes): string;
}

const fine = (): undefined => undefined;
const ACTUAL_LENGTH_MAX = 256;

function kind(row: Partial<Kind> & Pick<Kind, 'label' | 'layer' | 'build' | 'actual'>): Kind {
  return { ztunnel: false, dimension: 'other', refuse: fine, ...row };
}

function negatable(negated: boolean, test: AttributeTest): AttributeTest {
  return negated ? (a) => !test(a) : test;
}

function overIdentity(negated: boolean, test: TextTest): AttributeTest {
  return negated
    ? (a) => a.sourceIdentity === undefined || !test(a.sourceIdentity)
    : (a) => a.sourceIdentity !== undefined && test(a.sourceIdentity);
}

function overToken(negated: boolean, test: AuthTest): AttributeTest {
  return negated ? (a) => a.auth === undefined || !test(a.auth) : (a) => a.auth !== undefined && test(a.auth);
}

const PLAINTEXT = '(none, plaintext)';
const identityText = (a: Attributes): string => a.sourceIdentity?.replace(SPIFFE, '') ?? PLAINTEXT;
const NO_TOKEN = '(no token)';

const principals = kind({
  label: 'principal',
  layer: 'l4',
  ztunnel: true,
  dimension: 'identity',
  // ztunnel knows no aliases.
  build: (values, negated, { layer, trustDomains }) =>
    overIdentity(negated, layer === 'ambient' ? ztunnelPrincipal(values) : principalTest(expandPrincipals(values, trustDomains))),
  actual: identityText,
});

/** ztunnel strips `spiffe://` and then applies string rules. */
function ztunnelPrincipal(values: readonly string[]): TextTest {
  const test = anyString(values);
  return (id) => id.startsWith(SPIFFE) && test(id.slice(SPIFFE.length));
}

const namespaces = kind({
  label: 'namespace',
  layer: 'l4',
  ztunnel: true,
  dimension: 'identity',
  build: (values, negated, { layer }) => {
    if (layer !== 'ambient') return overIdentity(negated, namespaceTest(values));
    const test = anyString(values);
    return overIdentity(negated, (id) => test(parseIdentity(id)?.namespace ?? ''));
  },
  actual: (a) => (a.sourceIdentity === undefined ? PLAINTEXT : (parseIdentity(a.sourceIdentity)?.namespace ?? identityText(a))),
});

/** ztunnel compares the parts of an id, which has no further segments there. */
function ztunnelAccount(values: readonly string[], policyNamespace: string): TextTest {
  const accounts = new Set(values.map((value) => (value.includes('/') ? value : `${policyNamespace}/${value}`)));
  return (id) => {
    const parts = parseIdentity(id);
    return parts !== undefined && accounts.has(`${parts.namespace}/${parts.account}`);
  };
}

const serviceAccounts = kind({
  label: 'service account',
  layer: 'l4',
  ztunnel: true,
  dimension: 'identity',
  refuse: (value) =>
    /^[^/*]+(?:\/[^/*]+)?$/.test(value) ? undefined : 'a service account is `namespace/name` or `name`, without `*`',
  build: (values, negated, { layer, policyNamespace }) =>
    overIdentity(
      negated,
      layer === 'ambient' ? ztunnelAccount(values, policyNamespace) : serviceAccountTest(values, policyNamespace),
    ),
  actual: (a) => {
    const id = a.sourceIdentity === undefined ? undefined : parseIdentity(a.sourceIdentity);
    return id ? `${id.namespace}/${id.account}` : identityText(a);
  },
});

const trustDomains = kind({
  label: 'trust domain',
  layer: 'l4',
  dimension: 'identity',
  build: (values, negated, context) => overIdentity(negated, trustDomainTest(expandTrustDomains(values, context.trustDomains))),
  actual: (a) => (a.sourceIdentity === undefined ? PLAINTEXT : (a.sourceIdentity.split('/')[2] ?? '')),
});

function addresses(label: string, read: (a: Attributes) => string, ztunnel: boolean): Kind {
  return kind({
    label,
    layer: 'l4',
    ztunnel,
    refuse: (value) => (parseIpRange(value) ? undefined : 'not an IP address or CIDR range'),
    build: (values, negated) => {
      const set = IpSet.of(values);
      return negatable(negated, (a) => set !== undefined && set.has(read(a)));
    },
    actual: read,
  });
}

const sourceIp = addresses('source address', (a) => a.sourceIp, true);
// Istio's translation for ztunnel leaves remoteIpBlocks out; on TCP chains of a sidecar it works.
const remoteIp = addresses('client address', (a) => a.remoteIp, false);
const destinationIp = addresses('destination address', (a) => a.destinationIp, true);

const requestPrincipals = kind({
  label: 'request principal',
  layer: 'l7',
  token: true,
  build: (values, negated) => overToken(negated, requestPrincipalTest(values)),
  actual: (a) => (a.auth ? short(a.auth.principal) : NO_TOKEN),
});

const hosts = kind({
  label: 'host',
  layer: 'l7',
  dimension: 'host',
  build: (values, negated) => {
    const test = anyString(values, lowerRule);
    return negatable(negated, (a) => a.host !== '' && test(a.host.toLowerCase()));
  },
  actual: (a) => a.host,
});

/** Exact, prefix and suffix of a host ignore case. */
function lowerRule(value: string): StringRule {
  const rule = parseStringRule(value);
  return { ...rule, text: rule.text.toLowerCase() };
}

const methods = kind({
  label: 'method',
  layer: 'l7',
  dimension: 'method',
  build: (values, negated) => {
    const test = anyString(values);
    return negatable(negated, (a) => a.method !== '' && test(a.method));
  },
  actual: (a) => a.method,
});

const paths = kind({
  label: 'path',
  layer: 'l7',
  dimension: 'path',
  refuse: (value) => {
    const template = isPathTemplate(value) ? compilePathTemplate(value) : undefined;
    return template === undefined || template.ok ? undefined : template.reason;
  },
  build: (values, negated) => {
    const test = pathTest(values);
    return negatable(negated, (a) => test(a.path));
  },
  actual: (a) => short(a.path),
});

function pathTest(values: readonly string[]): TextTest {
  const templates = values.filter(isPathTemplate).map((value) => {
    const template = compilePathTemplate(value);
    return template.ok ? template.test : () => false;
  });
  const plain = values.filter((value) => !isPathTemplate(value));
  return anyTest(plain.length > 0 ? [anyString(plain), ...templates] : templates);
}

const ports = kind({
  label: 'port',
  layer: 'l4',
  ztunnel: true,
  dimension: 'port',
  refuse: (value) => (/^\d{1,10}$/.test(value) && Number(value) <= 65535 ? undefined : 'not a port number from 0 to 65535'),
  build: (values, negated) => {
    const [only, ...more] = values.map(Number);
    if (more.length === 0) return negatable(negated, (a) => a.destinationPort === only);
    const set = new Set(values.map(Number));
    return negatable(negated, (a) => set.has(a.destinationPort));
  },
  actual: (a) => String(a.destinationPort),
});

const sni = kind({
  label: 'server name (SNI)',
  layer: 'l4',
  build: (values, negated) => {
    const test = anyString(values);
    return negatable(negated, (a) => test(a.sni));
  },
  actual: (a) => a.sni || '(none)',
});

/** A field, the name of its negation, and what it looks at. */
export const SOURCE_FIELDS: readonly (readonly [keyof AuthorizationSource, keyof AuthorizationSource, Kind])[] = [
  ['principals', 'notPrincipals', principals],
  ['requestPrincipals', 'notRequestPrincipals', requestPrincipals],
  ['namespaces', 'notNamespaces', namespaces],
  ['serviceAccounts', 'notServiceAccounts', serviceAccounts],
  ['trustDomains', 'notTrustDomains', trustDomains],
  ['ipBlocks', 'notIpBlocks', sourceIp],
  ['remoteIpBlocks', 'notRemoteIpBlocks', remoteIp],
];

export const OPERATION_FIELDS: readonly (readonly [keyof AuthorizationOperation, keyof AuthorizationOperation, Kind])[] = [
  ['methods', 'notMethods', methods],
  ['ports', 'notPorts', ports],
  ['paths', 'notPaths', paths],
  ['hosts', 'notHosts', hosts],
];

/** ztunnel knows fewer `when` keys than fields; these two are not among them. */
const withoutZtunnel = (row: Kind): Kind => ({ ...row, ztunnel: false });

const CONDITIONS: Readonly<Record<string, Kind>> = {
  'source.ip': sourceIp,
  'remote.ip': remoteIp,
  'source.namespace': namespaces,
  'source.principal': principals,
  'source.serviceAccount': withoutZtunnel(serviceAccounts),
  'source.trustDomain': trustDomains,
  'destination.ip': destinationIp,
  'destination.port': ports,
  'connection.sni': sni,
  'request.auth.principal': requestPrincipals,
  'request.auth.audiences': claim('audience', ['aud']),
  'request.auth.presenter': claim('presenter', ['azp']),
};

/** The kind of a `when` key, or why there is none. Names in brackets: `request.headers[x]`, `request.auth.claims[a][b]`. */
export function conditionKind(key: string): Kind | { readonly refused: string } {
  if (Object.hasOwn(CONDITIONS, key)) return CONDITIONS[key] as Kind;
  if (key.startsWith('request.headers')) {
    const name = /^request\.headers\[(.*)\]$/s.exec(key)?.[1];
    if (name === undefined) return { refused: 'a header is written `request.headers[name]`' };
    return header(name.toLowerCase());
  }
  if (key.startsWith('request.auth.claims')) {
    const path = parseClaimPath(key.slice('request.auth.claims'.length));
    return path ? claim(`claim ${path.join('.')}`, path) : { refused: 'a claim is written `request.auth.claims[name]`' };
  }
  if (key.startsWith('experimental.envoy.filters.')) {
    return { refused: '`experimental.envoy.filters` reads metadata of Envoy filters, which this data plane does not have' };
  }
  return { refused: `unknown condition \`${key}\`` };
}

function header(name: string): Kind | { readonly refused: string } {
  const refused = refuseHeader(name);
  if (refused !== undefined) return { refused };
  const read = headerReader(name);
  const secret = isSensitiveHeader(name);
  return kind({
    label: `header ${name}`,
    layer: 'l7',
    secret,
    build: (values, negated, { action }) => headerTest(name, values, negated, action !== 'ALLOW'),
    actual: (a) => {
      const value = read(a);
      if (value === undefined) return '(absent)';
      return secret ? '(present, hidden)' : short(value);
    },
  });
}

function claim(label: string, path: readonly string[]): Kind {
  return kind({
    label,
    layer: 'l7',
    token: true,
    build: (values, negated) => overToken(negated, claimTest(path, values)),
    actual: (a) => (a.auth ? claimText(a.auth, path) : NO_TOKEN),
  });
}

function claimText(auth: RequestAuth, path: readonly string[]): string {
  const value = claimAt(auth, path);
  return value === undefined ? '(absent)' : short(typeof value === 'string' ? value : JSON.stringify(value));
}

function short(text: string): string {
  return text.length <= ACTUAL_LENGTH_MAX ? text : `${text.slice(0, ACTUAL_LENGTH_MAX)}…`;
}
