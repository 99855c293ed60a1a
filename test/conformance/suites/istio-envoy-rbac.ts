// Istio's golden translations to Envoy RBAC: the same requests are put to them and to the compiled policy, field by field.
import { join } from 'node:path';
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, ExtAuthzProvider, MeshConfig } from '#model/istio.ts';
import { place } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';
import { compileRule, policyOf } from '#policy/rule.ts';
import type { Clause, CompiledRule, Field } from '#policy/rule.ts';
import { readYaml } from '#syntax/yaml.ts';
import { readJsonLines } from '../data.ts';
import { list, matches, policyMatches, tree } from '../envoy-rbac.ts';
import { sampleAttributes } from '../sample.ts';
import type { RowResult, Suite } from '../suite.ts';

type Tree = Readonly<Record<string, unknown>>;

interface Row {
  readonly id: string;
  readonly protocol: 'http' | 'tcp';
  readonly trust_domain: string | null;
  readonly trust_domain_aliases: readonly string[];
  readonly provider: string | null;
  readonly input: string;
  readonly output: readonly string[];
}

export const suite = {
  name: 'istio-envoy-rbac',
  needs: 'istio/envoy-rbac.jsonl',
  run: async ({ dir, full, seed }) =>
    readJsonLines<Row>(join(dir, 'istio/envoy-rbac.jsonl')).map((row) => judge(row, full ? 4000 : 600, seed)),
} satisfies Suite;

function judge(row: Row, count: number, seed: number): RowResult {
  const policies = readYaml('input.yaml', row.input).documents.map(({ value }) => policy(tree(value)));
  const mesh: MeshConfig = {
    ...DEFAULT_MESH,
    trustDomain: row.trust_domain ?? DEFAULT_MESH.trustDomain,
    trustDomainAliases: row.trust_domain_aliases,
    extensionProviders: row.provider === 'Invalid' || row.provider === null ? [] : [provider(row.provider)],
  };
  const filters = row.output.flatMap((text) =>
    readYaml('output.yaml', text).documents.map(({ value }) => tree(tree(value)['typedConfig'])),
  );
  const golden = new Map(filters.flatMap((filter) => [...named(filter, 'rules'), ...named(filter, 'shadowRules')]));
  const requests = sampleAttributes(policies, row.protocol, count, seed);
  const why =
    compareFields(policies, mesh, row.protocol, golden, requests) ?? compareDecisions(policies, mesh, filters, requests);
  return why === undefined ? { id: row.id, pass: true } : { id: row.id, pass: false, why };
}

function policy(document: Tree): AuthorizationPolicy {
  // Metadata of Envoy filters does not exist here; what refuses it has tests of its own.
  const spec = JSON.parse(JSON.stringify(document['spec'] ?? {}), (key, value: unknown) =>
    key === 'when' ? list(value).filter((one) => !String(one['key']).startsWith('experimental.')) : value,
  ) as AuthorizationPolicy['spec'];
  const metadata = { labels: {}, annotations: {}, ...tree(document['metadata']) } as AuthorizationPolicy['metadata'];
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata,
    spec: { ...spec, action: spec.action ?? 'ALLOW' },
    body: {},
  };
}

function provider(kind: string): ExtAuthzProvider {
  return {
    name: 'default',
    protocol: kind.startsWith('GRPC') ? 'grpc' : 'http',
    service: 'my-custom-ext-authz.foo.svc.cluster.local',
    port: 9000,
    timeoutMs: 600,
    pathPrefix: '',
    failOpen: false,
    includeRequestHeadersInCheck: [],
    includeAdditionalHeadersInCheck: {},
    headersToUpstreamOnAllow: [],
    headersToDownstreamOnDeny: [],
    headersToDownstreamOnAllow: [],
  };
}

function named(filter: Tree, part: string): [string, Tree][] {
  return Object.entries(tree(tree(filter[part])['policies'])).map(([name, value]) => [ruleName(name), tree(value)]);
}

/** `ns[foo]-policy[httpbin]-rule[0]`, without what CUSTOM puts around it. */
function ruleName(name: string): string {
  return /ns\[.*\]-rule\[\d+\]/.exec(name)?.[0] ?? name;
}

/** Istio's order of fields; within one, values before notValues. */
const PRINCIPAL_ORDER = [
  'principals',
  'requestPrincipals',
  'serviceAccounts',
  'namespaces',
  'trustDomains',
  'remoteIpBlocks',
  'ipBlocks',
];
const PERMISSION_ORDER = ['hosts', 'methods', 'paths', 'ports'];
const PERMISSION_KEYS = ['destination.ip', 'destination.port', 'connection.sni'];

function compareFields(
  policies: readonly AuthorizationPolicy[],
  mesh: MeshConfig,
  layer: 'http' | 'tcp',
  golden: ReadonlyMap<string, Tree>,
  requests: readonly Attributes[],
): string | undefined {
  const trustDomains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  for (const resource of policies) {
    const owner = policyOf(place(resource));
    // An HTTP authorizer on TCP writes no filter at all.
    if (owner.action === 'CUSTOM' && golden.size === 0) continue;
    for (const [index, rule] of (resource.spec.rules ?? []).entries()) {
      const name = `ns[${resource.metadata.namespace}]-policy[${resource.metadata.name}]-rule[${index}]`;
      const context = { action: owner.action, policyNamespace: resource.metadata.namespace, trustDomains, layer };
      const compiled = compileRule(owner, index, rule, context, []);
      const wanted = golden.get(name);
      if ((compiled === undefined) !== (wanted === undefined)) return `${name} is ${compiled ? 'kept' : 'dropped'}`;
      if (!compiled || !wanted) continue;
      const keys = (rule.when ?? []).map(({ key }) => key);
      const why = compareRule(compiled, wanted, keys, requests);
      if (why !== undefined) return `${name}: ${why}`;
    }
  }
  return undefined;
}

function compareRule(
  rule: CompiledRule,
  golden: Tree,
  keys: readonly string[],
  requests: readonly Attributes[],
): string | undefined {
  const inPermissions = (field: Field): boolean => PERMISSION_KEYS.includes(keys[Number(field.path[4])] ?? '');
  const sides = [
    {
      ours: rule.from,
      theirs: list(golden['principals']),
      order: PRINCIPAL_ORDER,
      when: rule.when.filter((field) => !inPermissions(field)),
    },
    { ours: rule.to, theirs: list(golden['permissions']), order: PERMISSION_ORDER, when: rule.when.filter(inPermissions) },
  ];
  for (const { ours, theirs, order, when } of sides) {
    const clauses = ours.length === 0 ? [[]] : ours;
    if (clauses.length !== theirs.length) return `${clauses.length} items, want ${theirs.length}`;
    for (const [index, clause] of clauses.entries()) {
      const why = compareClause([...inOrder(clause, order), ...when], theirs[index] as Tree, requests);
      if (why !== undefined) return why;
    }
  }
  return undefined;
}

function inOrder(clause: Clause, order: readonly string[]): Field[] {
  const rank = (field: Field): number =>
    order.indexOf(String(field.path.at(-1)).replace(/^not(.)/, (_, first: string) => first.toLowerCase()));
  return [...clause].sort((a, b) => rank(a) - rank(b));
}

function compareClause(fields: readonly Field[], golden: Tree, requests: readonly Attributes[]): string | undefined {
  const [[, inner] = []] = Object.entries(golden);
  const elements = list(tree(inner)['rules'] ?? tree(inner)['ids']).filter((one) => !isForeign(one));
  const wanted = fields.length === 0 ? elements.filter((one) => one['any'] !== true) : elements;
  if (wanted.length !== fields.length) return `${fields.length} fields, want ${wanted.length}`;
  for (const [index, field] of fields.entries()) {
    const differs = requests.find((a) => field.test(a) !== matches(wanted[index] as Tree, a));
    if (differs) return `${field.name} ${JSON.stringify(field.wanted)} says ${field.test(differs)} for ${describe(differs)}`;
  }
  return undefined;
}

/** Metadata matchers of other filters than JWT, which were taken out of the input too. */
function isForeign(element: Tree): boolean {
  const metadata = tree(element['metadata'] ?? tree(element['notRule'])['metadata']);
  return metadata['filter'] !== undefined && metadata['filter'] !== 'envoy.filters.http.jwt_authn';
}

function compareDecisions(
  policies: readonly AuthorizationPolicy[],
  mesh: MeshConfig,
  filters: readonly Tree[],
  requests: readonly Attributes[],
): string | undefined {
  // With foreign metadata in the goldens their whole rules cannot be asked; the fields were.
  if (JSON.stringify(filters).includes('"envoy.filters.a.b"')) return undefined;
  const authorizer = compilePolicies({ authorization: policies.map(place), requestAuthentication: [] }, mesh, {
    namespace: 'foo',
  });
  for (const a of requests) {
    const custom = authorizer.custom(a);
    const decision = authorizer.authorize(a);
    const got = `${custom.kind} ${decision.allow ? 'allow' : 'deny'} ${decision.shadow.some((one) => !one.text.startsWith('dry-run: would be denied, no rule'))}`;
    const want = goldenDecision(filters, a);
    if (got !== want) return `${got}, want ${want} for ${describe(a)}`;
  }
  return undefined;
}

/** What the filters of a chain do with a request, in order. */
function goldenDecision(filters: readonly Tree[], a: Attributes): string {
  let custom = 'none';
  let allow = true;
  let shadow = false;
  for (const filter of filters) {
    const some = (part: string): boolean =>
      Object.values(tree(tree(filter[part])['policies'])).some((one) => policyMatches(tree(one), a));
    const action = tree(filter['rules'])['action'];
    const names = Object.keys(tree(tree(filter['rules'])['policies']));
    if (names.some((name) => name.endsWith('-deny-due-to-bad-CUSTOM-action'))) custom = some('rules') ? 'deny' : custom;
    else if (filter['shadowRulesStatPrefix'] === 'istio_ext_authz_') custom = some('shadowRules') ? 'check' : custom;
    else {
      if (action === 'LOG') shadow ||= some('rules');
      else if (action === 'DENY') allow &&= !some('rules');
      else if (filter['rules'] !== undefined) allow &&= some('rules');
      shadow ||= some('shadowRules');
    }
  }
  return `${custom} ${allow ? 'allow' : 'deny'} ${shadow}`;
}

function describe(a: Attributes): string {
  return JSON.stringify({ ...a, xHeader: a.header('x-header') });
}
