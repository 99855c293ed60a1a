// Short manifests for tests of the network: a Deployment, its Service, a NetworkPolicy.

export interface Pod {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly image?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** One Deployment with one container, `app: <name>` as label; JSON, which is YAML. */
export function deployment(name: string, pod: Pod = {}): string {
  const labels = { app: name, ...pod.labels };
  const container = {
    name: 'main',
    image: pod.image ?? `example/${name}:1.0.0`,
    ...(pod.port !== undefined && { ports: [{ name: 'main', containerPort: pod.port }] }),
    ...(pod.env && { env: Object.entries(pod.env).map(([key, value]) => ({ name: key, value })) }),
  };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: pod.namespace ?? 'shop' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...(pod.annotations && { annotations: pod.annotations }) },
        spec: { serviceAccountName: name, containers: [container], ...pod.spec },
      },
    },
  });
}

/** @param spec beside selector and ports */
export function service(
  name: string,
  port: number,
  target: number,
  spec: Readonly<Record<string, unknown>> = {},
  namespace = 'shop',
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port, targetPort: target }], ...spec },
  });
}

export function policy(name: string, spec: Readonly<Record<string, unknown>>, namespace = 'shop'): string {
  return JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec });
}

/** Lets pods with `app: <caller>` in to pods with `app: <name>`. */
export function allow(name: string, callers: readonly string[], port: number): string {
  return policy(`${name}-in`, {
    podSelector: { matchLabels: { app: name } },
    policyTypes: ['Ingress'],
    ingress: [{ from: callers.map((caller) => ({ podSelector: { matchLabels: { app: caller } } })), ports: [{ port }] }],
  });
}

export const DENY_ALL = policy('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
export const DENY_INGRESS = policy('default-deny', { podSelector: {}, policyTypes: ['Ingress'] });

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}
