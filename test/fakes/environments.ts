// Staging and production side by side, for cases of rules over parity.

export interface EnvironmentShape {
  readonly image?: string;
  /** Members of the container and of the pod, in YAML's flow style and as lines. */
  readonly container?: string;
  readonly pod?: string;
  readonly replicas?: number;
}

function cart(
  environment: string,
  { image = 'r.example.com/cart:1.4.0', container = '', pod = '', replicas = 1 }: EnvironmentShape,
): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop-${environment}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      ${pod}
      containers:
      - {name: main, image: "${image}"${container}}
`;
}

/** One workload in two environments of one system. */
export function stagingAndProduction(staging: EnvironmentShape, production: EnvironmentShape): string {
  return `${cart('staging', staging)}---\n${cart('prod', production)}`;
}

/** A workload that is in production only. */
export function productionAlone(production: EnvironmentShape): string {
  return cart('prod', production);
}
