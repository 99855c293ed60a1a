// A small declared system for tests: three services of namespace shop, and whatever is put on top.
import { readSystem } from '#ingest/read.ts';
import type { System } from '#model/system.ts';

/** Manifests of one workload with its Service and ServiceAccount; container port 8080 unless said otherwise. */
export function workload(
  name: string,
  { namespace = 'shop', port = 80, portName = 'http', targetPort = 8080, env = {} as Readonly<Record<string, string>> } = {},
): string {
  const variables = Object.entries(env).map(([key, value]) => `\n            - { name: ${key}, value: "${value}" }`);
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name}, namespace: ${namespace} }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ name: ${portName}, port: ${port}, targetPort: ${targetPort} }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      serviceAccountName: ${name}
      containers:
        - name: main
          image: example.com/${name}:1
          ports: [{ containerPort: ${targetPort} }]
          env:${variables.length > 0 ? variables.join('') : ' []'}
`;
}

export const SHOP = [
  workload('web', { env: { CART_ADDR: 'cart:80' } }),
  workload('cart', { env: { DB: 'db:5432' } }),
  workload('db', { port: 5432, portName: 'tcp-pg', targetPort: 5432 }),
].join('---\n');

/** Reads manifests. @throws Error when one of them is refused, because then a test would be about something else */
export function systemOf(...texts: readonly string[]): System {
  const { system, diagnostics } = readSystem(texts.map((text, index) => ({ file: `m${index}.yaml`, text })));
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error) throw new Error(`${error.message} ${error.path ?? ''}`);
  return system;
}
