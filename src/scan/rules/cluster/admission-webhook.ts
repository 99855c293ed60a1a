import type { FindingSeverity } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { listAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const admissionWebhooks = {
  id: 'cluster.admission-webhook',
  name: 'Admission webhook that can be passed by',
  severity: 'medium',
  cwe: [636, 693],
  why: 'A check that is skipped when its server does not answer, or by a label that whoever makes the object sets himself, is no check against someone who wants to pass it.',
  help: 'Set `failurePolicy: Fail`, and exempt namespaces by their name (`kubernetes.io/metadata.name`) only.',
  references: ['https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/'],
  tags: ['cis-k8s:5.2.1', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

const KINDS: readonly string[] = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (!KINDS.includes(resource.kind)) continue;
    for (const [index, webhook] of listAt(resource.body, 'webhooks').entries()) {
      yield* checkWebhook(resource, webhook, ['webhooks', index]);
    }
  }
}

/** What it is worth to pass by: pods, and what makes them. */
const GUARDED: readonly string[] = [
  '*',
  '*/*',
  'pods',
  'pods/*',
  'deployments',
  'daemonsets',
  'statefulsets',
  'jobs',
  'cronjobs',
];

function* checkWebhook(resource: Resource, webhook: unknown, path: Path): Generator<Hit> {
  const name = textAt(webhook, 'name') ?? resource.metadata.name;
  const guards = listAt(webhook, 'rules').some((rule) => textsAt(rule, 'resources').some((each) => GUARDED.includes(each)));
  const validates = resource.kind === 'ValidatingWebhookConfiguration';
  const severity: FindingSeverity = validates && guards ? 'medium' : 'low';
  // admissionregistration.k8s.io/v1beta1 ignores failures unless told otherwise.
  const policy = textAt(webhook, 'failurePolicy') ?? (resource.apiVersion.endsWith('/v1beta1') ? 'Ignore' : 'Fail');
  if (policy === 'Ignore') {
    yield {
      title: `webhook \`${name}\` lets everything through when its server does not answer`,
      severity,
      at: { resource, path: [...path, 'failurePolicy'] },
      fix: { text: 'Fail closed.', yaml: 'failurePolicy: Fail' },
    };
  }
  const own = optOut(objectAt(webhook, 'objectSelector'));
  if (own !== undefined) {
    yield {
      title: `objects with the label \`${own}\` pass by webhook \`${name}\`: whoever makes them sets it`,
      severity,
      at: { resource, path: [...path, 'objectSelector'] },
    };
  }
  const namespaces = optOut(objectAt(webhook, 'namespaceSelector'));
  if (namespaces !== undefined && namespaces !== 'kubernetes.io/metadata.name' && validates) {
    yield {
      title: `namespaces with the label \`${namespaces}\` pass by webhook \`${name}\``,
      severity: 'low',
      at: { resource, path: [...path, 'namespaceSelector'] },
    };
  }
}

/** The label by which a selector leaves things out; undefined when it only takes things in. */
export function optOut(selector: unknown): string | undefined {
  const out = listAt(selector, 'matchExpressions').find((each) =>
    ['NotIn', 'DoesNotExist'].includes(textAt(each, 'operator') ?? ''),
  );
  return textAt(out, 'key');
}
