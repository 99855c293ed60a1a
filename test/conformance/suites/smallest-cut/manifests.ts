// Small systems of any kind: calls, policies too wide or missing, tokens with roles, privileged pods, shared secrets, exposed stores.
import type { Dice } from './dice.ts';

/** Some workloads of two namespaces, as YAML. */
export function randomManifests(dice: Dice): string {
  const count = dice.between(2, 5);
  const places = Array.from({ length: count }, (_, i) => ({
    name: `w${i}`,
    namespace: dice.chance(0.8) ? 'shop' : 'ops',
    store: i > 0 && dice.chance(0.4),
  }));
  if (!places.some(({ store }) => store)) places[count - 1]!.store = true;
  const documents: string[] = [];
  for (const [i, { name, namespace, store }] of places.entries()) {
    const port = store ? 5432 : 8080;
    const env = places.flatMap((other, j) =>
      j !== i && !store && dice.chance(0.3)
        ? [`{ name: W${j}_ADDR, value: "${other.name}.${other.namespace}:${other.store ? 5432 : 8080}" }`]
        : [],
    );
    if (dice.chance(0.25)) env.push(`{ name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db-password, key: password } } }`);
    if (store && dice.chance(0.3)) env.push('{ name: POSTGRES_HOST_AUTH_METHOD, value: trust }');
    const type = i === 0 || dice.chance(0.15) ? 'LoadBalancer' : 'ClusterIP';
    const security = dice.chance(0.2)
      ? '{ privileged: true }'
      : dice.chance(0.1)
        ? '{ capabilities: { add: [SYS_ADMIN] } }'
        : '{}';
    documents.push(
      `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: ${namespace} }`,
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { type: ${type}, selector: { app: ${name} }, ports: [{ port: ${port} }] }`,
      `apiVersion: apps/v1
kind: ${store ? 'StatefulSet' : 'Deployment'}
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      serviceAccountName: ${dice.chance(0.5) ? name : 'default'}
      ${dice.chance(0.3) ? 'automountServiceAccountToken: false' : 'terminationGracePeriodSeconds: 5'}
      containers:
        - name: main
          image: ${store ? 'postgres:18' : `example.com/${name}:1`}
          ports: [{ containerPort: ${port} }]
          securityContext: ${security}
          env: [${env.join(', ')}]`,
    );
    if (dice.chance(0.4)) {
      const from = dice.pick([
        '[]',
        '[{ podSelector: {} }]',
        `[{ podSelector: { matchLabels: { app: w${dice.between(0, count - 1)} } } }]`,
      ]);
      const selector = dice.chance(0.8) ? `{ matchLabels: { app: ${name} } }` : '{}';
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { podSelector: ${selector}, policyTypes: [Ingress], ingress: [{ from: ${from} }] }`,
      );
    }
  }
  if (dice.chance(0.5)) {
    const { name, namespace } = dice.pick(places);
    const rule = dice.pick([
      '{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }',
      '{ apiGroups: [""], resources: [secrets], verbs: [get, list] }',
      '{ apiGroups: [""], resources: [pods/exec], verbs: [create] }',
      '{ apiGroups: [""], resources: [pods], verbs: [create] }',
    ]);
    documents.push(
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: power }\nrules: [${rule}]`,
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: { name: power }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: power }\nsubjects: [{ kind: ServiceAccount, name: ${dice.chance(0.6) ? name : 'default'}, namespace: ${namespace} }]`,
    );
  }
  for (const namespace of ['shop', 'ops'])
    documents.push(
      `apiVersion: v1\nkind: Secret\nmetadata: { name: db-password, namespace: ${namespace} }\nstringData: { password: "" }`,
    );
  return documents.join('\n---\n');
}
