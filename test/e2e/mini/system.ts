// The smallest system with everything in it: a gateway, `front` that calls `back`, an identity each, mutual TLS, and a path that policy refuses.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workload } from '../../fakes/shop-system.ts';

const HERE = dirname(fileURLToPath(import.meta.url));

export interface MiniOptions {
  /** `6s`; the product's default when absent. */
  readonly certificateTtl?: string;
  /** Of the Platform: `connectionsMax: 6`. */
  readonly limits?: string;
  /** Of the Platform, in flow style. */
  readonly telemetry?: string;
}

/** A workload and how it runs here. */
function program(name: string, env: Readonly<Record<string, string>> = {}): string {
  return `${workload(name, { namespace: 'mini', env: { NAME: name, ...env } })}---
apiVersion: cullis.dev/v1
kind: Workload
metadata: { name: ${name}, namespace: mini }
spec:
  command: [node, service.mjs]
  cwd: ${HERE}
  readiness: { http: /healthz }
`;
}

/** One more workload, for a folder that grows. @param stubborn it does not end when it is asked to */
export function extraWorkload(name: string, stubborn = false): string {
  return program(name, stubborn ? { STUBBORN: 'yes' } : {});
}

/** Who may do what. @param paths that \`front\` may be asked for */
export function policies(paths: readonly string[]): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: mini }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: front, namespace: mini }
spec:
  selector: { matchLabels: { app: front } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/mini/sa/door-istio] } }]
      to: [{ operation: { methods: [GET], paths: [${paths.map((path) => JSON.stringify(path)).join(', ')}] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: back, namespace: mini }
spec:
  selector: { matchLabels: { app: back } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/mini/sa/front] } }]
`;
}

/** Writes the manifests into a folder. @returns their names */
export function writeMini(folder: string, options: MiniOptions = {}): { readonly policy: string } {
  mkdirSync(folder, { recursive: true });
  const ttl = options.certificateTtl === undefined ? '' : `\n  certificateTtl: ${options.certificateTtl}`;
  const limits = options.limits === undefined ? '' : `\n  limits: { ${options.limits} }`;
  const telemetry = options.telemetry === undefined ? '' : `\n  telemetry: ${options.telemetry}`;
  writeFileSync(
    join(folder, 'platform.yaml'),
    `apiVersion: cullis.dev/v1
kind: Platform
metadata: { name: platform }
spec:
  gatewayAddress: 127.0.0.1${ttl}${limits}${telemetry}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: door, namespace: mini }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 8080, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all, namespace: mini }
spec:
  parentRefs: [{ name: door }]
  rules: [{ backendRefs: [{ name: front, port: 80 }] }]
`,
  );
  writeFileSync(join(folder, 'front.yaml'), program('front', { UPSTREAM: 'back:80' }));
  writeFileSync(join(folder, 'back.yaml'), program('back'));
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, policies(['/ok']));
  return { policy };
}
