import type { Resource } from '#model/resource.ts';
import { listAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { optOut } from './admission-webhook.ts';

export const admissionPolicy = {
  id: 'cluster.admission-policy',
  name: 'Admission policy without force',
  severity: 'medium',
  cwe: [636, 693],
  why: 'A ValidatingAdmissionPolicy does nothing by itself: a binding has to say where it counts, and that it denies. One that is unbound, warns only, ignores errors or is content with missing parameters looks like a rule and is none.',
  help: 'Bind the policy with `validationActions: [Deny]`, `failurePolicy: Fail` and `parameterNotFoundAction: Deny`.',
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/'],
  tags: ['cis-k8s:5.2.1', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  const policies = system.resources.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  const bindings = system.resources.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  for (const policy of policies) {
    const { name } = policy.metadata;
    const own = bindings.filter(({ spec }) => textAt(spec, 'policyName') === name);
    if (textAt(policy.spec, 'failurePolicy') === 'Ignore') {
      yield {
        title: `policy \`${name}\` lets through what its expressions fail on`,
        at: { resource: policy, path: ['spec', 'failurePolicy'] },
        fix: { text: 'Fail closed.', yaml: 'failurePolicy: Fail' },
      };
    }
    if (own.length === 0) {
      yield {
        title: `policy \`${name}\` is bound nowhere among the files: it judges nothing`,
        severity: 'low',
        at: { resource: policy, path: ['metadata', 'name'] },
        detail: 'unbound',
      };
    } else if (!own.some(({ spec }) => textsAt(spec, 'validationActions').includes('Deny'))) {
      yield {
        title: `policy \`${name}\` warns and records, and denies nowhere`,
        severity: 'low',
        at: { resource: own[0]!, path: ['spec', 'validationActions'] },
        fix: { text: 'Deny.', yaml: 'validationActions: [Deny, Audit]' },
      };
    }
  }
  for (const binding of bindings) yield* checkBinding(binding);
}

function* checkBinding(resource: Resource): Generator<Hit> {
  const { spec } = resource;
  const { name } = resource.metadata;
  const params = objectAt(spec, 'paramRef');
  if (textAt(params, 'parameterNotFoundAction') === 'Allow') {
    yield {
      title: `binding \`${name}\` allows everything where its parameters are missing`,
      at: { resource, path: ['spec', 'paramRef', 'parameterNotFoundAction'] },
      fix: { text: 'Deny where parameters are missing.', yaml: 'parameterNotFoundAction: Deny' },
    };
  }
  const selector = objectAt(params, 'selector');
  if (selector && Object.keys(selector).length === 0 && textAt(params, 'namespace') === undefined) {
    yield {
      title: `binding \`${name}\` takes parameters from whoever makes such an object in the namespace that is judged`,
      severity: 'low',
      at: { resource, path: ['spec', 'paramRef', 'selector'] },
    };
  }
  const match = objectAt(spec, 'matchResources');
  const own = optOut(objectAt(match, 'objectSelector'));
  if (own !== undefined) {
    yield {
      title: `objects with the label \`${own}\` pass by binding \`${name}\`: whoever makes them sets it`,
      at: { resource, path: ['spec', 'matchResources', 'objectSelector'] },
    };
  }
  const wide = listAt(match, 'excludeResourceRules').findIndex((rule) => textsAt(rule, 'resources').includes('*'));
  if (wide !== -1) {
    yield {
      title: `binding \`${name}\` leaves every resource out again`,
      at: { resource, path: ['spec', 'matchResources', 'excludeResourceRules', wide] },
    };
  }
}
