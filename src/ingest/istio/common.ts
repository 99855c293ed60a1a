// What the three security kinds share: who a policy applies to, and the dry-run annotation.
import type { TargetRef } from '#model/istio.ts';
import type { LabelSelector } from '#model/resource.ts';
import { also, list, object, optional, record, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import type { Document } from '../kind.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';

const selectorKey: Check<string> = (value, scope) => {
  const key = value as string;
  if (key === '') scope.error('empty', 'a label of the selector has an empty name');
  else if (key.includes('*')) scope.error('wildcard', `the label \`${shorten(key)}\` holds a wildcard, which a selector cannot`);
  else return key;
  return undefined;
};

const selectorValue = also(text({ max: 63 }), (value, scope) => {
  if (value.includes('*')) scope.error('wildcard', `${scope.name()} is \`${shorten(value)}\`: a selector takes no wildcard`);
});

/** `selector`; one without labels selects everything, and is warned about as Istio does. */
export const selector: Check<LabelSelector> = (value, scope) => {
  const read = object(
    { matchLabels: optional(record(selectorValue, selectorKey)) },
    { hints: { matchExpressions: 'Istio knows `matchLabels` only', labels: 'did you mean `matchLabels`?' } },
  )(value, scope);
  if (!read) return undefined;
  const matchLabels = read.matchLabels ?? {};
  if (Object.keys(matchLabels).length === 0 && scope.errors === 0) {
    scope.warn(
      'selector-empty',
      'the selector has no labels: the policy applies to every workload of the namespace',
      'remove `selector`, or name labels',
    );
  }
  return { matchLabels };
};

const TARGETS: readonly (readonly [group: string, kind: string])[] = [
  ['', 'Service'],
  ['core', 'Service'],
  ['gateway.networking.k8s.io', 'Gateway'],
  ['gateway.networking.k8s.io', 'GatewayClass'],
  ['networking.istio.io', 'ServiceEntry'],
];

export const targetRef: Check<TargetRef> = (value, scope) => {
  const read = object({
    group: optional(
      text({
        max: 253,
        pattern: /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)?$/,
        meaning: 'an API group',
      }),
    ),
    kind: required(text({ min: 1, max: 63, pattern: /^[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/, meaning: 'a kind' })),
    name: required(text({ min: 1, max: 253 })),
    namespace: optional(text()),
  })(value, scope);
  if (!read) return undefined;
  const { group = '', kind, name, namespace } = read;
  if (namespace !== undefined && namespace !== '') {
    scope.at('namespace', () =>
      scope.error(
        'target-namespace',
        'a target in another namespace is not supported',
        'remove `namespace`, and put the policy beside its target',
      ),
    );
  }
  if (!TARGETS.some(([g, k]) => g === group && k === kind)) {
    const help =
      'a policy attaches to `Service` (group empty), `Gateway` and `GatewayClass` (group `gateway.networking.k8s.io`) or `ServiceEntry` (group `networking.istio.io`)';
    scope.error('target-kind', `a policy cannot attach to \`${shorten(group === '' ? kind : `${group}/${kind}`)}\``, help);
  }
  return { group: group === 'core' ? '' : group, kind, name };
};

export const targetFields = {
  selector: optional(selector),
  targetRef: optional(targetRef),
  targetRefs: optional(list(targetRef, { max: 16 })),
};

interface Targeted {
  readonly selector?: LabelSelector;
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
}

/** Members `selector` and `targetRefs` of a spec; at most one way to choose may be written. */
export function targeting(
  spec: Targeted,
  scope: Scope,
): { readonly selector?: LabelSelector; readonly targetRefs?: readonly TargetRef[] } {
  const refs = [...(spec.targetRefs ?? []), ...(spec.targetRef ? [spec.targetRef] : [])];
  const ways =
    Number(spec.selector !== undefined) + Number(spec.targetRef !== undefined) + Number((spec.targetRefs ?? []).length > 0);
  if (ways > 1) scope.error('target-exclusive', 'only one of `selector`, `targetRef` and `targetRefs` may be set');
  return { ...(spec.selector ? { selector: spec.selector } : {}), ...(refs.length > 0 ? { targetRefs: refs } : {}) };
}

export const DRY_RUN = 'istio.io/dry-run';
const BOOLEANS = new Set(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']);

/** The dry-run annotation: only on an AuthorizationPolicy that allows or denies, and only true or false. */
export function checkDryRun(document: Document, action: string | undefined, scope: Scope): void {
  const { annotations } = document.metadata;
  if (!Object.hasOwn(annotations, DRY_RUN)) return;
  const value = annotations[DRY_RUN]!;
  scope.enter('metadata');
  scope.enter('annotations');
  scope.enter(DRY_RUN);
  if (action === undefined) scope.error('dry-run', `\`${DRY_RUN}\` has no meaning on ${document.kind}`, 'remove the annotation');
  else if (action !== 'ALLOW' && action !== 'DENY')
    scope.error('dry-run', `\`${DRY_RUN}\` works with ALLOW and DENY only, not with ${action}`);
  else if (!BOOLEANS.has(value)) scope.error('dry-run', `\`${DRY_RUN}\` is \`${shorten(value)}\``, 'write `"true"` or `"false"`');
  scope.leave();
  scope.leave();
  scope.leave();
}
