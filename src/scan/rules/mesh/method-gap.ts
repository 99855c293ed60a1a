// Methods that a rule keeps out, beside one that does the same.
import { originOf } from '#model/origin.ts';
import { selected, valueLists } from '#policy/lint/context.ts';
import type { LintWorkload } from '#policy/lint/context.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, nameOf } from './common.ts';

export const methodGap = {
  id: 'mesh.method-gap',
  name: 'GET kept out, HEAD let through',
  severity: 'low',
  cwe: [650],
  why: 'Servers answer HEAD as they do GET, without the body: whether a thing is there, its size, its headers and cookies are told, and handlers that act on GET act on HEAD.',
  help: 'name HEAD beside GET, or allow the methods that may be used',
  references: ['RFC 9110 section 9.3.2'],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const answers = new Map<LintWorkload, boolean>();
    const takesHead = (one: LintWorkload): boolean => {
      const answer = answers.get(one) ?? allowsHead(one);
      answers.set(one, answer);
      return answer;
    };
    for (const policy of context.system.authorizationPolicies) {
      if (policy.spec.action !== 'DENY') continue;
      const list = valueLists(policy).find(
        ({ field, negated, values }) =>
          field === 'methods' && !negated && values.includes('GET') && !values.some((each) => each === 'HEAD' || each === '*'),
      );
      if (!list) continue;
      // A second rule may name it.
      const elsewhere = valueLists(policy).some(
        ({ field, negated, values }) => field === 'methods' && !negated && values.includes('HEAD'),
      );
      const on = selected(context.lint, policy);
      if (elsewhere || (on.length > 0 && on.every((one) => !takesHead(one)))) continue;
      const document = originOf(policy);
      yield {
        title: `\`${nameOf(policy)}\` denies GET and not HEAD`,
        at: { resource: policy, path: list.path },
        fix: {
          text: 'deny both',
          yaml: `methods: [${[...list.values, 'HEAD'].map((each) => JSON.stringify(each)).join(', ')}]\n`,
          ...(document && { edits: [{ op: 'append', document, path: list.path, value: 'HEAD' }] }),
        },
      };
    }
  },
} satisfies SystemRule;

function allowsHead({ policies }: LintWorkload): boolean {
  const allows = policies.authorization.map(({ resource }) => resource).filter(({ spec }) => spec.action === 'ALLOW');
  if (allows.length === 0) return true;
  return allows.some(({ spec }) =>
    (spec.rules ?? []).some(
      ({ to }) =>
        to === undefined ||
        to.some(
          ({ operation: { methods, notMethods } }) =>
            (methods === undefined || methods.includes('HEAD') || methods.includes('*')) && !notMethods?.includes('HEAD'),
        ),
    ),
  );
}
