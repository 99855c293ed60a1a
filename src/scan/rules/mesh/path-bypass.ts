// Paths that a rule keeps out in one spelling and lets through in another, under the mesh's normalisation.
import type { AuthorizationPolicy } from '#model/istio.ts';
import { normalizeTarget } from '#plan/normalise.ts';
import { selected, valueLists } from '#policy/lint/context.ts';
import type { LintWorkload, ValueList } from '#policy/lint/context.ts';
import { isPathTemplate } from '#policy/path-template.ts';
import { anyString } from '#policy/strings.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, nameOf } from './common.ts';

type Mode = ScanContext['system']['mesh']['pathNormalization'];

export const pathBypass = {
  id: 'mesh.path-bypass',
  name: 'Path kept out in one spelling only',
  severity: 'medium',
  cwe: [41, 863],
  why: 'A rule that denies compares one spelling. Most servers answer the same for others, such as a doubled or a trailing slash, so that the rule is got round by a character.',
  help: 'allow the paths that may be called instead of denying those that may not; let the mesh normalise as the server does',
  references: [
    'https://istio.io/latest/docs/reference/config/security/normalization/',
    'https://istio.io/latest/docs/ops/best-practices/security/#path-normalization',
  ],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const mode = context.system.mesh.pathNormalization;
    const allowing = new Allowing();
    for (const policy of context.system.authorizationPolicies) {
      if (policy.spec.action !== 'DENY' && policy.spec.action !== 'ALLOW') continue;
      const lists = valueLists(policy).filter(
        (list) => list.field === 'paths' && list.negated === (policy.spec.action === 'ALLOW'),
      );
      const found = firstWay(lists, mode);
      if (!found) continue;
      const { list, way } = found;
      const on = selected(context.lint, policy);
      if (on.length > 0 && !allowing.anyAllows(on, policy, way.target)) continue;
      yield {
        title: `\`${nameOf(policy)}\` keeps out \`${way.value}\`, and lets \`${way.target}\` through`,
        message: `requests for \`${way.target}\` are compared as they are (normalisation ${mode}), and are not what the rule names; many servers answer them like \`${way.plain}\``,
        severity: mode === 'NONE' ? 'high' : 'medium',
        at: { resource: policy, path: [...list.path, way.index] },
        fix: way.slash
          ? {
              text: 'name the path with all below it',
              yaml: `${list.negated ? 'notPaths' : 'paths'}:\n  - ${way.plain}\n  - ${way.plain}/*\n`,
            }
          : {
              text: 'let the mesh merge slashes and decode them before policies look',
              yaml: 'pathNormalization:\n  normalization: DECODE_AND_MERGE_SLASHES\n',
            },
      };
    }
  },
} satisfies SystemRule;

interface Way {
  readonly index: number;
  readonly value: string;
  readonly plain: string;
  readonly target: string;
  readonly slash: boolean;
}

/** More than a person writes. */
const VALUES_MAX = 2000;

/** The first value that another spelling gets round, whatever else the policy names. */
function firstWay(lists: readonly ValueList[], mode: Mode): { readonly list: ValueList; readonly way: Way } | undefined {
  const all = lists.flatMap(({ values }) => values);
  const named = anyString(all.filter((value) => !isPathTemplate(value)));
  const templates = all.filter(isPathTemplate);
  let left = VALUES_MAX;
  for (const list of lists) {
    for (const [index, value] of list.values.entries()) {
      if (left-- <= 0) return undefined;
      if (!value.startsWith('/') || isPathTemplate(value)) continue;
      const plain = (value.endsWith('*') ? value.slice(0, -1) : value).replace(/\/+$/, '');
      // A template below the path takes in what stands below it, and might take in the other spelling.
      if (plain === '' || templates.some((template) => template.startsWith(plain))) continue;
      const target = [...spellings(plain, value, mode)].find((each) => {
        const normal = normalizeTarget(each, mode);
        return normal.ok && !named(normal.path);
      });
      if (target !== undefined) return { list, way: { index, value, plain, target, slash: target === `${plain}/` } };
    }
  }
  return undefined;
}

/** Other spellings of a path that servers take for the same, where this normalisation does not make them one. */
function* spellings(plain: string, value: string, mode: Mode): Generator<string> {
  if (!value.endsWith('*') && !value.endsWith('/')) yield `${plain}/`;
  if (mode === 'NONE' || mode === 'BASE') yield `/${plain}`;
  const inner = plain.indexOf('/', 1);
  if (mode !== 'DECODE_AND_MERGE_SLASHES' && inner !== -1) yield `${plain.slice(0, inner)}%2F${plain.slice(inner + 1)}`;
}

/** Whether a request for a path would be let through at some workload: by some rule of an ALLOW policy, or because there is none. */
class Allowing {
  /** Workloads under the same policies share one test. */
  readonly #tests = new Map<string, PathTest>();
  readonly #ofWorkload = new Map<LintWorkload, PathTest>();
  readonly #ofPolicy = new Map<AuthorizationPolicy, { readonly test: PathTest; readonly number: number }>();

  anyAllows(workloads: readonly LintWorkload[], except: AuthorizationPolicy, path: string): boolean {
    if (except.spec.action === 'ALLOW') return true;
    return [...new Set(workloads.map((one) => this.#testOf(one)))].some((test) => test(path));
  }

  #testOf(workload: LintWorkload): PathTest {
    const known = this.#ofWorkload.get(workload);
    if (known) return known;
    const allows = workload.policies.authorization
      .filter(({ resource }) => resource.spec.action === 'ALLOW')
      .map(({ resource }) => this.#policy(resource));
    const key = allows.map(({ number }) => number).join();
    const test = this.#tests.get(key) ?? ((path) => allows.length === 0 || allows.some((policy) => policy.test(path)));
    this.#tests.set(key, test);
    this.#ofWorkload.set(workload, test);
    return test;
  }

  #policy(resource: AuthorizationPolicy): { readonly test: PathTest; readonly number: number } {
    const known = this.#ofPolicy.get(resource);
    if (known) return known;
    const made = { test: pathTestOf(resource), number: this.#ofPolicy.size };
    this.#ofPolicy.set(resource, made);
    return made;
  }
}

type PathTest = (path: string) => boolean;

function pathTestOf({ spec }: AuthorizationPolicy): PathTest {
  const operations = (spec.rules ?? []).flatMap(({ to }): PathTest[] =>
    to === undefined
      ? [() => true]
      : to.map(({ operation: { paths, notPaths } }) => {
          const templates = paths?.some(isPathTemplate) === true;
          const wanted = paths && anyString(paths.filter((each) => !isPathTemplate(each)));
          const unwanted = anyString(notPaths ?? []);
          return (path) => (wanted === undefined || templates || wanted(path)) && !unwanted(path);
        }),
  );
  return (path) => operations.some((test) => test(path));
}
