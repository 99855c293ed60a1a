// Values that do not say what they seem to: stars in the middle, lower-case methods, paths that no request ever has.
import { normalizeTarget } from '#plan/normalise.ts';
import type { AuthorizationRule, PathNormalization } from '#model/istio.ts';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { isPathTemplate, compilePathTemplate } from '../path-template.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, ISTIO_NORMALIZATION, ISTIO_POLICY, nameOf, valueLists } from './context.ts';
import type { Check, Draft, ValueList } from './context.ts';
import { appending, setting } from './edits.ts';

type ValueCheck = (list: ValueList, value: string, mode: PathNormalization) => Draft | undefined;

/** Every value of every policy through every row below. */
export const values: Check = ({ system }) =>
  system.authorizationPolicies.flatMap((policy) =>
    valueLists(policy).flatMap((list) =>
      list.values.flatMap((value, index) =>
        VALUE_CHECKS.flatMap((check): Finding[] => {
          const draft = check(list, value, system.mesh.pathNormalization);
          if (draft === undefined) return [];
          const edits = draft.fix && editsOf(draft.code, list, value, index);
          const fix = draft.fix && { ...draft.fix, ...edits };
          return [findingAt(policy, [...list.path, index], { ...draft, ...(fix && { fix }), detail: value })];
        }),
      ),
    ),
  );

/** What can be put right without asking. */
function editsOf(code: string, list: ValueList, value: string, index: number): ReturnType<typeof setting> {
  const put = (right: string): ReturnType<typeof setting> => setting(list.policy, [...list.path, index], right);
  switch (code) {
    case 'policy.method-case':
      return put(value.toUpperCase());
    case 'policy.principal-form':
      return put(value.slice('spiffe://'.length));
    case 'policy.literal-star': {
      const template = suggestTemplate(value);
      return template === undefined ? {} : put(template);
    }
    case 'policy.host-port':
      return appending(list.policy, list.path, `${value}:*`);
    default:
      return {};
  }
}

/** A value that never matches: harmless-looking in ALLOW (nothing gets in), a hole in DENY or in what an ALLOW rule excludes. */
function severityOfDead({ policy, negated }: ValueList): FindingSeverity {
  const opens = policy.spec.action === 'ALLOW' ? negated : !negated;
  return opens ? 'high' : 'medium';
}

function effect(list: ValueList): string {
  if (severityOfDead(list) === 'high')
    return list.negated ? 'so nothing is excluded by it' : `so this ${list.policy.spec.action} never takes effect through it`;
  return list.negated ? 'so the rule matches more than it seems' : 'so nothing is allowed by it';
}

/** Namespaces take `*` anywhere; all other fields only at the start or the end. */
const literalStar: ValueCheck = (list, value) => {
  if (list.field === 'namespaces' || list.field === 'source.namespace' || isPathTemplate(value)) return undefined;
  const inner = value === '*' ? '' : value.startsWith('*') ? value.slice(1) : value.endsWith('*') ? value.slice(0, -1) : value;
  if (!inner.includes('*')) return undefined;
  const template = list.field === 'paths' ? suggestTemplate(value) : undefined;
  return {
    code: 'policy.literal-star',
    severity: severityOfDead(list),
    title: `the \`*\` inside \`${value}\` is a literal star, not a wildcard`,
    message: `only a \`*\` at the very start or the very end is a wildcard; this value wants a star written in the request, ${effect(list)}`,
    ...(template !== undefined && {
      fix: { text: 'use a path template', yaml: toYaml({ [list.path.at(-1) as string]: [template] }) },
    }),
  };
};

function suggestTemplate(path: string): string | undefined {
  const template = path
    .split('/')
    .map((part) => (part === '*' ? '{*}' : part === '**' ? '{**}' : part))
    .join('/');
  return isPathTemplate(template) && compilePathTemplate(template).ok ? template : undefined;
}

const lowerCaseMethod: ValueCheck = (list, value) => {
  if (list.field !== 'methods' || !/^\*?[A-Za-z-]+\*?$/.test(value) || value === value.toUpperCase()) return undefined;
  return {
    code: 'policy.method-case',
    severity: severityOfDead(list),
    title: `method \`${value}\` never matches: methods are case-sensitive`,
    message: `HTTP methods are upper-case (RFC 9110 section 9.1) and compared as they are, ${effect(list)}`,
    fix: {
      text: `write \`${value.toUpperCase()}\``,
      yaml: toYaml({ [list.path.at(-1) as string]: list.values.map((one) => one.toUpperCase()) }),
    },
    references: [ISTIO_POLICY, 'RFC 9110 section 9.1'],
  };
};

const impossiblePath: ValueCheck = (list, value, mode) => {
  if (list.field !== 'paths' || value.startsWith('*')) return undefined;
  const dead = (why: string, text: string, references = [ISTIO_POLICY]): Draft => ({
    code: 'policy.path-never',
    severity: severityOfDead(list),
    title: `path \`${value}\` never matches: ${why}`,
    message: `policy compares the normalised path without its query, ${effect(list)}`,
    fix: { text },
    references,
  });
  if (!value.startsWith('/')) return dead('every path starts with `/`', `write \`/${value}\``);
  const cut = /[?#]/.exec(value);
  if (cut)
    return dead(
      `the ${cut[0] === '?' ? 'query' : 'fragment'} is cut before policy looks`,
      `write \`${value.slice(0, cut.index)}\``,
    );
  if (isPathTemplate(value)) return undefined;
  const literal = value.endsWith('*') ? value.slice(0, -1) : value;
  // A prefix may end inside an escape or a segment; judge whole segments only.
  const whole = value.endsWith('*') ? literal.slice(0, literal.lastIndexOf('/') + 1) : literal;
  const normal = normalizeTarget(whole, mode);
  if (normal.ok && normal.path !== whole)
    return dead(`requests arrive as \`${normal.path}\``, `write it as it is after normalisation (mode ${mode})`, [
      ISTIO_NORMALIZATION,
    ]);
  return undefined;
};

/** `hosts` sees the authority as sent: with a port it is another text. */
const hostWithoutPort: ValueCheck = (list, value) => {
  if (list.field !== 'hosts' || value === '*' || value.endsWith('*') || /:\d+$/.test(value)) return undefined;
  if (list.values.some((other) => other.startsWith(`${value}:`))) return undefined;
  const risky = severityOfDead(list) === 'high';
  return {
    code: 'policy.host-port',
    severity: risky ? 'high' : 'low',
    title: `host \`${value}\` does not take in \`${value}:PORT\``,
    message: risky
      ? `a caller who writes the port into the Host header (\`${value}:80\`) gets round this ${list.negated ? 'exclusion' : 'rule'}`
      : `a client that writes the port into the Host header is not meant by this rule`,
    fix: { text: 'name both forms', yaml: toYaml({ [list.path.at(-1) as string]: [value, `${value}:*`] }) },
  };
};

const principalForm: ValueCheck = (list, value) => {
  if (list.field !== 'principals' && list.field !== 'source.principal') return undefined;
  if (!value.startsWith('spiffe://')) return undefined;
  return {
    code: 'policy.principal-form',
    severity: severityOfDead(list),
    title: `principal \`${value}\` never matches: it is written without \`spiffe://\``,
    message: `the scheme is added when the rule is compiled, ${effect(list)}`,
    fix: {
      text: `write \`${value.slice('spiffe://'.length)}\``,
      yaml: toYaml({ [list.path.at(-1) as string]: list.values.map((one) => one.replace('spiffe://', '')) }),
    },
  };
};

const VALUE_CHECKS: readonly ValueCheck[] = [literalStar, lowerCaseMethod, impossiblePath, hostWithoutPort, principalForm];

/** Rules that name what they exclude and nothing that they take in, and rules that take in everything. */
export const openRules: Check = ({ system }) =>
  system.authorizationPolicies.flatMap((policy) => {
    if (policy.spec.action !== 'ALLOW') return [];
    return (policy.spec.rules ?? []).flatMap((rule, index): Finding[] => {
      const lists = valueLists(policy).filter((list) => list.rule === index);
      if (lists.length === 0) {
        return [
          findingAt(policy, ['spec', 'rules', index], {
            code: 'policy.allow-everything',
            severity: 'high',
            title: `rule ${index} of \`${nameOf(policy)}\` allows everyone everything`,
            message:
              'an empty rule has no condition: every caller, also over plaintext, may call every path and port of the workloads this policy holds on',
            fix: {
              text: 'name who may do what',
              yaml: toYaml([
                {
                  from: [{ source: { principals: ['cluster.local/ns/NAMESPACE/sa/ACCOUNT'] } }],
                  to: [{ operation: { methods: ['GET'], paths: ['/PATH'] } }],
                },
              ]),
            },
          }),
        ];
      }
      if (isByHeaderAlone(rule)) {
        return [
          findingAt(policy, ['spec', 'rules', index, 'when'], {
            code: 'policy.allow-by-header',
            severity: 'medium',
            title: `rule ${index} of \`${nameOf(policy)}\` allows everything to everyone who sends a header`,
            message:
              'headers are what the caller says of itself: without `from` and `to` every caller, also one without any identity, may do everything by sending it. Where this was to be one more condition of the rule before it, the dash in front of `when` makes it a rule of its own, and rules are alternatives',
            fix: { text: 'put `when` into the rule that says who (`from`) may do what (`to`)' },
          }),
        ];
      }
      const from = (rule.from ?? []).map(({ source }) => source);
      const excludesOnly = from.some(
        (source) => Object.keys(source).length > 0 && Object.keys(source).every((name) => name.startsWith('not')),
      );
      if (!excludesOnly) return [];
      return [
        findingAt(policy, ['spec', 'rules', index, 'from'], {
          code: 'policy.allow-by-exclusion',
          severity: 'medium',
          title: `rule ${index} of \`${nameOf(policy)}\` allows everyone but those it excludes`,
          message:
            'a source with only `not…` fields takes in every other caller, also one without any identity over plaintext, and every workload added later',
          fix: { text: 'name those who may call, and put what must never call into a DENY policy' },
        }),
      ];
    });
  });

function isByHeaderAlone({ from, to, when }: AuthorizationRule): boolean {
  return (
    (from ?? []).length === 0 &&
    (to ?? []).length === 0 &&
    (when ?? []).length > 0 &&
    (when ?? []).every(({ key }) => key.startsWith('request.headers['))
  );
}
