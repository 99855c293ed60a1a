// Pods for cases of rules.
export const deployment = (container: string, pod = '', namespace = 'shop'): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - {name: main, image: "cart:1.0.0"${container === '' ? '' : `, ${container}`}}
${pod === '' ? '' : `      ${pod}\n`}`;

export const namespace = (labels: string): string =>
  `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n`;

export const HARD =
  'securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}';

/** A way in from outside. */
export const EXPOSED =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}\n';
