// Settings of a mesh, and workloads in it, for cases of rules.
export function cart({ labels = '', annotations = '' } = {}): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart${labels} }, annotations: { ${annotations} } }
    spec: { containers: [{ name: cart, image: cart:1.0.0, ports: [{ containerPort: 8080 }] }] }
`;
}

export const namespace = (label: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { ${label} } }\n`;

export const IN = namespace('istio-injection: enabled');

export const POLICY = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: shop }\nspec: { selector: { matchLabels: { app: cart } } }\n`;

export const istio = (kind: string, spec: string): string =>
  `apiVersion: networking.istio.io/v1${kind === 'EnvoyFilter' ? 'alpha3' : ''}\nkind: ${kind}\nmetadata: { name: x, namespace: shop }\nspec: ${spec}\n`;

export const mesh = (config: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata:\n  mesh: |\n    ${config}\n`;

export const operator = (config: string): string =>
  `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: i, namespace: istio-system }\nspec: { meshConfig: ${config} }\n`;
