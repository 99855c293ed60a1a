// A system of a thousand manifests, as a large team has them: the same for every run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Services in so many namespaces; each has a Deployment, a Service, a ServiceAccount, and most a NetworkPolicy and an AuthorizationPolicy. */
export function writeCorpus(folder: string, manifests: number): number {
  let written = 0;
  let bytes = 0;
  for (let i = 0; written < manifests; i++) {
    const [namespace, name] = [`team-${i % 20}`, `service-${i}`];
    const next = `service-${i + 20}`;
    const texts = [
      deployment(namespace, name, next, i),
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  selector: { app: ${name} }\n  ports:\n    - { name: http, port: 80, targetPort: 8080 }\n`,
      `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: ${namespace} }\n`,
      networkPolicy(namespace, name, `service-${i - 20}`),
      authorizationPolicy(namespace, name, `service-${i - 20}`),
      ...(i % 20 === 0
        ? [`apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n  labels: { istio-injection: enabled }\n`]
        : []),
      ...(i % 50 === 0 ? [ingress(namespace, name)] : []),
    ];
    mkdirSync(join(folder, namespace, name), { recursive: true });
    for (const [n, text] of texts.entries()) {
      if (written >= manifests) break;
      writeFileSync(join(folder, namespace, name, `${n}.yaml`), text);
      written++;
      bytes += text.length;
    }
  }
  return bytes;
}

function deployment(namespace: string, name: string, next: string, i: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { app: ${name}, team: ${namespace} }
spec:
  replicas: ${1 + (i % 4)}
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name}, version: v1 }
    spec:
      serviceAccountName: ${name}
      automountServiceAccountToken: ${i % 3 === 0}
      securityContext:
        runAsNonRoot: ${i % 5 !== 0}
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: main
          image: registry.example.com/${namespace}/${name}:1.${i % 7}.${i % 13}
          ports:
            - { name: http, containerPort: 8080 }
          env:
            - { name: NEXT_ADDR, value: "${next}.${namespace}:80" }
            - { name: LOG_LEVEL, value: info }
            - name: TOKEN
              valueFrom: { secretKeyRef: { name: ${name}, key: token } }
          resources:
            requests: { cpu: 100m, memory: 64Mi }
            limits: { memory: 128Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: ${i % 4 !== 0}
            capabilities: { drop: [ALL] }
          readinessProbe:
            httpGet: { path: /ready, port: http }
          livenessProbe:
            httpGet: { path: /live, port: http }
`;
}

function networkPolicy(namespace: string, name: string, caller: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  podSelector: { matchLabels: { app: ${name} } }
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: ${caller} } }
      ports:
        - { port: 8080 }
`;
}

function authorizationPolicy(namespace: string, name: string, caller: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  action: ALLOW
  rules:
    - from:
        - source: { principals: ["cluster.local/ns/${namespace}/sa/${caller}"] }
      to:
        - operation: { methods: [GET, POST], paths: ["/api/*"] }
`;
}

function ingress(namespace: string, name: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
  namespace: ${namespace}
  annotations: { nginx.ingress.kubernetes.io/limit-rps: "20" }
spec:
  tls:
    - { hosts: [${name}.example.com], secretName: ${name}-tls }
  rules:
    - host: ${name}.example.com
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }
`;
}
