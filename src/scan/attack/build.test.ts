import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackCase, attackCaseOf } from '../../../test/fakes/attack.ts';
import { SHOP } from '../../../test/fakes/shop-system.ts';
import { placeOf } from './evidence.ts';
import type { AttackInput } from './context.ts';
import type { BuiltGraph } from './build.ts';

/** Edges as `KIND from -> to [facts]`, groups taken apart. */
function edgesOf(graph: BuiltGraph): string[] {
  return graph.edges.flatMap((edge) => {
    const [from, to] = [graph.nodes[edge.from]!, graph.nodes[edge.to]!];
    if (to.kind === 'group') return [];
    const sources =
      from.kind === 'group'
        ? graph.edges.filter((each) => each.to === edge.from).map((each) => graph.nodes[each.from]!.id)
        : [from.id];
    return sources.map((source) => `${edge.kind} ${source} -> ${to.id} [${edge.facts.join()}]`);
  });
}

function check(
  yaml: readonly string[],
  present: readonly string[],
  absent: readonly string[] = [],
  more: Pick<AttackInput, 'vulnerabilities' | 'findings'> = {},
): void {
  const edges = edgesOf(attackCaseOf(yaml, more).graph);
  for (const want of present)
    assert.ok(
      edges.some((edge) => edge.startsWith(want)),
      `${want} is missing in\n${edges.join('\n')}`,
    );
  for (const unwanted of absent) assert.ok(!edges.some((edge) => edge.startsWith(unwanted)), `${unwanted} is there`);
}

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec: { rules: [{ host: shop.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }
`;

/** A pod of namespace shop with whatever a case adds. */
function pod(name: string, { spec = '', container = '', annotations = '' } = {}): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} }, annotations: { ${annotations} } }
spec:
  serviceAccountName: ${name}
${spec === '' ? '' : `${spec.replaceAll(/^/gm, '  ')}\n`}  containers:
    - name: main
      image: example.com/${name}:1
${container === '' ? '' : container.replaceAll(/^/gm, '      ')}
`;
}

test('what an Ingress opens is a declared way in, and a database behind a LoadBalancer is a weak fact', () => {
  check([SHOP, INGRESS], ['EXPOSED internet -> access:shop/web:8080 []', 'EXPLOIT access:shop/web:8080 -> workload:shop/web []']);
  const open = SHOP.replace(/(name: db, namespace: shop \}\nspec:)/, '$1\n  type: LoadBalancer');
  check([open], ['EXPOSED internet -> access:shop/db:5432 [exposure:shop/db:5432:load-balancer:Service shop/db]']);
  const meant = open.replace(
    'metadata: { name: db, namespace: shop }\nspec:\n  type',
    'metadata: { name: db, namespace: shop, annotations: { cullis.dev/expose: "true" } }\nspec:\n  type',
  );
  check([meant], ['EXPOSED internet -> access:shop/db:5432 []']);
});

test('declared calls are edges that nothing takes away; the neighbours reach the same port by a weak fact', () => {
  check(
    [SHOP],
    [
      'REACH_L4 workload:shop/cart -> access:shop/db:5432 []',
      'CLIENT workload:shop/cart -> asset:shop/db []',
      'REACH_L4 workload:shop/web -> access:shop/db:5432 [open:shop/db]',
    ],
  );
  const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: shop }
spec: { podSelector: { matchLabels: { app: db } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }] }] }`;
  check(
    [SHOP, policy],
    ['REACH_L4 workload:shop/cart -> access:shop/db:5432 []'],
    ['REACH_L4 workload:shop/web -> access:shop/db:5432'],
  );
});

test('mesh policies decide who reaches what: identities, not labels', () => {
  const strict = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: db, namespace: shop }
spec: { selector: { matchLabels: { app: db } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/cart] } }] }] }`;
  check(
    [SHOP, strict],
    ['REACH_L7 workload:shop/cart -> access:shop/db:5432 []', 'REACH_L7 workload:shop/web -> access:shop/cart:8080 []'],
    ['REACH_L7 workload:shop/web -> access:shop/db', 'REACH_L4 workload:shop/web -> access:shop/db'],
  );
});

test('a known vulnerability that works over the network is an edge of its own; denial of service is none', () => {
  const rce = {
    image: 'example.com/web:1',
    id: 'CVE-2026-1',
    severity: 'critical',
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  } as const;
  const flood = {
    image: 'example.com/web:1',
    id: 'CVE-2026-2',
    severity: 'high',
    vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
  } as const;
  const ssrf = { workload: 'shop/web', id: 'CVE-2026-3', severity: 'high', cwe: [918] } as const;
  check(
    [SHOP, INGRESS],
    [
      'VULN_RCE access:shop/web:8080 -> workload:shop/web [vulnerability:shop/web:CVE-2026-1]',
      'VULN_SSRF access:shop/web:8080 -> requests:shop/web [vulnerability:shop/web:CVE-2026-3]',
      'REACH_L4 requests:shop/web -> access:shop/db:5432',
    ],
    ['VULN_RCE access:shop/web:8080 -> workload:shop/web [vulnerability:shop/web:CVE-2026-2]'],
    { vulnerabilities: [rce, flood, ssrf] },
  );
});

const binding = (
  rules: string,
  kind = 'ClusterRole',
  subject = '{ kind: ServiceAccount, name: tool, namespace: shop }',
): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata: { name: power${kind === 'Role' ? ', namespace: shop' : ''} }
rules: [${rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}Binding
metadata: { name: power${kind === 'Role' ? ', namespace: shop' : ''} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: power }
subjects: [${subject}]`;

test('tokens lead to what RBAC grants; without a token, or without rights, they lead nowhere', () => {
  const grant = '[grant:shop/tool:ClusterRoleBinding /power]';
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }')],
    [
      'HAS_TOKEN workload:shop/tool -> identity:shop/tool [token:shop/tool]',
      `RBAC_ADMIN identity:shop/tool -> cluster ${grant}`,
      'RBAC_ADMIN cluster -> asset:shop/db',
    ],
  );
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: [""], resources: [pods/exec], verbs: [create] }')],
    [`RBAC_EXEC identity:shop/tool -> workload:shop/db ${grant}`],
  );
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: [""], resources: [pods], verbs: [create] }')],
    [`RBAC_CREATE_POD identity:shop/tool -> node: ${grant}`],
  );
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: [""], resources: [nodes/proxy], verbs: [get] }')],
    [`RBAC_NODE identity:shop/tool -> node: ${grant}`],
  );
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate] }')],
    [`RBAC_ESCALATE identity:shop/tool -> cluster ${grant}`],
  );
  check(
    [
      SHOP,
      pod('tool', { spec: 'automountServiceAccountToken: false' }),
      binding('{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }'),
    ],
    [],
    ['HAS_TOKEN'],
  );
  check([SHOP, pod('tool'), binding('{ apiGroups: [""], resources: [configmaps], verbs: [get] }')], [], ['HAS_TOKEN', 'RBAC']);
  check(
    [SHOP, pod('tool'), binding('{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }', 'Role')],
    ['RBAC_EXEC identity:shop/tool -> workload:shop/db'],
    ['RBAC_ADMIN'],
  );
});

test('a secret that the database keeps as well is its credential, for whoever holds it and reaches the database', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: pg, namespace: shop }\nstringData: { password: x }';
  const db = pod('store', {
    container:
      'ports: [{ containerPort: 5432 }]\nenv: [{ name: POSTGRES_PASSWORD, valueFrom: { secretKeyRef: { name: pg, key: password } } }]',
  });
  const other = pod('report', { container: 'env: [{ name: PW, valueFrom: { secretKeyRef: { name: pg, key: password } } }]' });
  check(
    [secret, db, other],
    [
      'SECRET_ENV workload:shop/report -> secret:shop/pg@shop/report [secret:shop/report:shop/pg]',
      'CRED_FOR secret:shop/pg@shop/report -> asset:shop/store',
    ],
  );
  const mounted = pod('report', { spec: 'volumes: [{ name: v, secret: { secretName: pg } }]' });
  check([secret, db, mounted], ['SECRET_MOUNT workload:shop/report -> secret:shop/pg@shop/report [secret:shop/report:shop/pg]']);
  const closed =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: closed, namespace: shop }\nspec: { podSelector: { matchLabels: { app: store } }, policyTypes: [Ingress] }';
  check([secret, db, other, closed], [], ['CRED_FOR']);
  check(
    [
      secret,
      db,
      pod('reader'),
      binding('{ apiGroups: [""], resources: [secrets], verbs: [list] }', 'Role', '{ kind: ServiceAccount, name: reader }'),
    ],
    [
      'RBAC_SECRETS identity:shop/reader -> secret:shop/pg@identity:shop/reader',
      'CRED_FOR secret:shop/pg@identity:shop/reader -> asset:shop/store',
    ],
  );
});

test('a password in a connection string opens the store that the string names, and its value is nowhere in the graph', () => {
  const text = pod('job', { container: 'env: [{ name: DATABASE_URL, value: "postgres://app:hunter2hunter2@db:5432/shop" }]' });
  const { graph } = attackCaseOf([SHOP, text]);
  assert.ok(edgesOf(graph).includes('CLIENT workload:shop/job -> asset:shop/db []'));
  assert.ok(!JSON.stringify([graph.nodes, graph.edges.map(({ text: told, facts }) => [told, facts])]).includes('hunter2'));
});

test('ways out of a container, each at its place; what only looks like one is none', () => {
  const rows: [string, string | undefined][] = [
    [
      'container: securityContext: { privileged: true }',
      'ESCAPE_PRIVILEGED workload:shop/p -> node: [escape:shop/p:privileged:main]',
    ],
    [
      'container: securityContext: { capabilities: { add: [CAP_SYS_ADMIN] } }',
      'ESCAPE_CAPABILITY workload:shop/p -> node: [escape:shop/p:capability:main:SYS_ADMIN]',
    ],
    ['container: securityContext: { capabilities: { add: [NET_BIND_SERVICE] } }', undefined],
    ['volume: /var/run/docker.sock', 'ESCAPE_SOCKET workload:shop/p -> node: [escape:shop/p:volume:v]'],
    ['volume: /etc', 'ESCAPE_HOST_PATH workload:shop/p -> node: [escape:shop/p:volume:v]'],
    ['volume: /data/uploads', undefined],
    ['spec: hostPID: true', undefined],
  ];
  for (const [what, want] of rows) {
    const [, kind, value] = /^(\w+): (.*)$/.exec(what)!;
    const yaml =
      kind === 'volume'
        ? pod('p', {
            spec: `volumes: [{ name: v, hostPath: { path: ${value} } }]`,
            container: 'volumeMounts: [{ name: v, mountPath: /m }]',
          })
        : pod('p', { [kind as 'spec']: value! });
    check(
      [SHOP, yaml],
      want === undefined ? [] : [want, 'NODE_PIVOT node: -> workload:shop/db'],
      want === undefined ? ['ESCAPE'] : [],
    );
  }
  const placed = pod('p', { spec: 'nodeSelector: { pool: a }', container: 'securityContext: { privileged: true }' });
  const apart = pod('far', { spec: 'nodeSelector: { pool: b }' });
  check(
    [placed, apart, pod('near')],
    ['NODE_PIVOT node:pool=a -> workload:shop/near'],
    ['NODE_PIVOT node:pool=a -> workload:shop/far'],
  );
});

test('the cloud role of a machine is reached where a cloud is seen and no egress policy forbids it', () => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: p, namespace: shop, annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/p" } }';
  check(
    [pod('p'), account],
    ['METADATA workload:shop/p -> cloud [metadata:shop/p]', 'CRED_FOR workload:shop/p -> asset:role:arn:aws:iam::1:role/p []'],
  );
  const policy =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: closed, namespace: shop }\nspec: { podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ podSelector: {} }] }] }';
  check([pod('p'), account, policy], [], ['METADATA workload']);
  check([pod('p')], [], ['METADATA']);
});

test('Argo CD applications, CI runners and pull secrets decide what is deployed', () => {
  const application =
    'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: shop, namespace: argocd }\nspec: { source: { repoURL: "https://git.example/shop" }, destination: { namespace: shop } }';
  check(
    [SHOP, pod('tool'), application, binding('{ apiGroups: [argoproj.io], resources: [applications], verbs: [patch] }')],
    ['CONTROL identity:shop/tool -> control:argocd/shop', 'CONTROL control:argocd/shop -> workload:shop/db'],
  );
  const runner =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: ci, namespace: ci }\nspec: { containers: [{ name: r, image: "gitlab/gitlab-runner:17" }] }';
  check([SHOP, runner], ['CONTROL workload:ci/ci -> control:ci/ci', 'CONTROL control:ci/ci -> workload:shop/db']);
  const pulled = pod('p', { spec: 'imagePullSecrets: [{ name: registry }]' });
  check(
    [pulled, pod('tool'), binding('{ apiGroups: [""], resources: [secrets], verbs: [get] }')],
    ['RBAC_SECRETS identity:shop/tool -> secret:shop/registry@pull', 'CONTROL secret:shop/registry@pull -> workload:shop/p'],
  );
});

test('findings about OAuth clients lead to the tokens of users; low ones do not', () => {
  const finding = {
    id: 'f1',
    code: 'oauth.wildcard-redirect',
    severity: 'high',
    title: 'any address of example.com gets the code',
    message: '',
    references: [],
  } as const;
  check([SHOP], ['OAUTH_ABUSE internet -> asset:users [finding:f1]'], [], { findings: [finding] });
  check([SHOP], [], ['OAUTH_ABUSE'], { findings: [{ ...finding, severity: 'low' }] });
});

test('every edge of a small system says why, and where, at file, line and column', () => {
  const { graph } = attackCaseOf([
    SHOP,
    INGRESS,
    pod('tool', { container: 'securityContext: { privileged: true }' }),
    binding('{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }'),
  ]);
  for (const edge of graph.edges) {
    if (graph.nodes[edge.to]!.kind === 'group' || graph.nodes[edge.from]!.kind === 'cluster') continue;
    assert.notEqual(edge.text, '');
    assert.match(placeOf(edge.evidence[0]), /^m\d\.yaml:\d+:\d+$/, `${edge.kind} ${edge.text}`);
  }
});

test('a hostile environment and a thousand secrets stay bounded', () => {
  const env = Array.from(
    { length: 1000 },
    (_, i) => `{ name: PASSWORD_${i}, value: "postgres://a:${'b'.repeat(50)}@db:5432/x" }`,
  ).join(', ');
  const start = performance.now();
  attackCaseOf([SHOP, pod('p', { container: `env: [${env}]` })]);
  assert.ok(performance.now() - start < 2000);
});

test('a Compose file: published ports, networks, and the host behind a privileged service', () => {
  const text = `services:
  web:
    image: example.com/web:1
    ports: ["8080:8080"]
    privileged: true
    networks: [front]
  db:
    image: postgres:18
    expose: ["5432"]
    networks: [back]
    secrets: [pg]
  report:
    image: example.com/report:1
    networks: [back]
    secrets: [pg]
secrets: { pg: { file: pg.txt } }
networks: { front: {}, back: {} }
`;
  const { graph } = attackCase([{ file: 'compose.yaml', text }]);
  const edges = edgesOf(graph);
  const ids = graph.nodes.flatMap(({ kind, workload }) => (kind === 'workload' ? [workload!] : []));
  const [web, db] = [ids.find((id) => id.endsWith('/web'))!, ids.find((id) => id.endsWith('/db'))!];
  assert.ok(
    edges.some((edge) => edge.startsWith(`EXPOSED internet -> access:${web}:8080`)),
    edges.join('\n'),
  );
  assert.ok(edges.includes(`ESCAPE_PRIVILEGED workload:${web} -> node: [escape:${web}:privileged:web]`), edges.join('\n'));
  assert.ok(edges.includes(`NODE_PIVOT node: -> workload:${db} []`));
  assert.ok(!edges.some((edge) => edge.startsWith(`REACH_L4 workload:${web} -> access:${db}:5432`)));
  const report = ids.find((id) => id.endsWith('/report'))!;
  assert.ok(
    edges.some((edge) => edge.startsWith(`SECRET_MOUNT workload:${report} -> secret:`)),
    edges.join('\n'),
  );
  assert.ok(edges.some((edge) => edge.startsWith('CRED_FOR') && edge.includes(`@${report} -> asset:${db}`)));
  const way = graph.edges.find(({ kind }) => kind === 'ESCAPE_PRIVILEGED')!;
  assert.equal(placeOf(way.evidence[0]), 'compose.yaml:5:5');
});
