import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { listAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const auditPolicy = {
  id: 'cluster.audit-policy',
  name: 'Audit policy with gaps or leaks',
  severity: 'medium',
  cwe: [532, 778],
  why: 'The first rule that matches a request decides. A rule that records nothing hides who read secrets or changed permissions; one that records bodies of secrets writes their values into the log.',
  help: 'Record `secrets`, `configmaps` and `tokenreviews` at level `Metadata`, changes of RBAC and pods at `Request` or higher, and everything else at `Metadata` at the end.',
  references: ['https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/', 'CIS Kubernetes Benchmark 1.10'],
  tags: ['cis-k8s:3.2.1', 'cis-k8s:3.2.2', 'nsa-k8s:audit', 'pci-dss:10.2.1', 'soc2:CC7.2'],
  check,
} as const satisfies SystemRule;

interface AuditRule {
  readonly level: string;
  readonly path: Path;
  /** Only some users, verbs, namespaces: what it says does not hold for everyone. */
  readonly partial: boolean;
  readonly verbs: readonly string[];
  matches(group: string, resource: string): boolean;
}

/** Requests that an audit must show. */
const WATCHED: readonly (readonly [group: string, resource: string, what: string])[] = [
  ['', 'secrets', 'who reads and changes secrets'],
  ['rbac.authorization.k8s.io', 'clusterrolebindings', 'who changes permissions'],
  ['', 'pods/exec', 'who runs commands in pods'],
  ['', 'serviceaccounts/token', 'who makes tokens'],
];
/** Their bodies are secrets. */
const CONFIDENTIAL: readonly (readonly [group: string, resource: string])[] = [
  ['', 'secrets'],
  ['', 'configmaps'],
  ['authentication.k8s.io', 'tokenreviews'],
  ['', 'serviceaccounts/token'],
];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind === 'Policy' && resource.apiVersion.startsWith('audit.k8s.io/')) yield* checkPolicy(resource);
  }
}

function* checkPolicy(resource: Resource): Generator<Hit> {
  const rules = listAt(resource.body, 'rules').map(ruleOf);
  const hidden: string[] = [];
  let at: Path | undefined;
  for (const [group, name, what] of WATCHED) {
    const first = rules.find((rule) => !rule.partial && rule.matches(group, name));
    if (first && first.level !== 'None') continue;
    hidden.push(what);
    at ??= first?.path ?? ['rules'];
  }
  if (hidden.length > 0) {
    yield {
      title: `the audit policy does not record ${hidden.join(', ')}`,
      at: { resource, path: at ?? ['rules'] },
      detail: 'hidden',
      fix: {
        text: 'Add rules, before those that record nothing.',
        yaml: 'rules:\n  - level: Metadata\n    resources:\n      - group: ""\n        resources: ["secrets", "configmaps", "serviceaccounts/token"]\n  - level: Metadata',
      },
    };
  }
  const leaking = new Map<AuditRule, string[]>();
  for (const [group, name] of CONFIDENTIAL) {
    const first = rules.find((rule) => rule.matches(group, name) && (!rule.partial || rule.level.startsWith('Request')));
    if (!first?.level.startsWith('Request') || readsOnly(first)) continue;
    leaking.set(first, [...(leaking.get(first) ?? []), name]);
  }
  for (const [rule, names] of leaking) {
    yield {
      title: `the audit policy writes the bodies of ${names.map((name) => `\`${name}\``).join(', ')} into the log (level \`${rule.level}\`)`,
      severity: names.some((name) => name !== 'configmaps') ? 'high' : 'low',
      at: { resource, path: [...rule.path, 'level'] },
      detail: 'leak',
      fix: { text: 'Record these at level `Metadata`, in a rule before this one.' },
    };
  }
}

/** At level `Request` a read has no body. */
function readsOnly({ level, verbs }: AuditRule): boolean {
  return level === 'Request' && verbs.length > 0 && verbs.every((verb) => ['get', 'list', 'watch', 'delete'].includes(verb));
}

function ruleOf(raw: unknown, index: number): AuditRule {
  const groups = listAt(raw, 'resources').map((each) => ({
    group: textAt(each, 'group') ?? '',
    names: textsAt(each, 'resources'),
    some: textsAt(each, 'resourceNames').length > 0,
  }));
  const urlsOnly = groups.length === 0 && listAt(raw, 'nonResourceURLs').length > 0;
  const restricted = ['users', 'userGroups', 'namespaces', 'verbs'].some((key) => listAt(raw, key).length > 0);
  return {
    level: textAt(raw, 'level') ?? '',
    path: ['rules', index],
    partial: restricted || (groups.length > 0 && groups.every(({ some }) => some)),
    verbs: textsAt(raw, 'verbs'),
    matches: (group, resource) => {
      if (urlsOnly) return false;
      if (groups.length === 0) return true;
      return groups.some(
        (each) => each.group === group && (each.names.length === 0 || each.names.some((name) => nameMatches(name, resource))),
      );
    },
  };
}

/** `pods` is not its subresources; `pods/*` are those, `*` + `/exec` that subresource of every resource, `*` all (audit.k8s.io/v1). */
function nameMatches(name: string, resource: string): boolean {
  if (name === '*' || name === resource) return true;
  const [main, sub] = resource.split('/');
  return sub !== undefined && (name === `${main}/*` || name === `*/${sub}`);
}
