export interface ObjectMeta {
  readonly name: string;
  /** Always filled by the reader: the document's, else `default` (cluster-scoped kinds: ''). */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, when the document carries one (an export from a cluster does). */
  readonly creationTimestamp?: string;
}

/** A document as it was written, with its metadata made uniform. `spec` is validated for the kinds this product acts on, raw for others. */
export interface Resource<Kind extends string = string, Spec = unknown> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  /** Top-level members other than the above (`data`, `subjects`, `rules`, …); Secret values are dropped by the reader, keys kept; `certificates` are the public ones among them, PEM by key. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** `AuthorizationPolicy ecommerce/cart` */
export function resourceId(resource: Resource): string {
  return `${resource.kind} ${resource.metadata.namespace}/${resource.metadata.name}`;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** Whether `labels` carry every pair of `wanted`; an empty `wanted` matches everything. */
export function labelsMatch(wanted: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  for (const key in wanted) if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false;
  return true;
}
