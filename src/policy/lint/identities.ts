// Identities that nobody has: foreign trust domains, service accounts and namespaces that do not exist.
import { didYouMean } from '#base/nearest.ts';
import type { Finding } from '#model/finding.ts';
import { expandPrincipals } from '../trust-domain.ts';
import { parseIdentity } from '../identity.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, listText, nameOf, valueLists } from './context.ts';
import type { Check, LintContext, ValueList } from './context.ts';
import { setting } from './edits.ts';

interface Known {
  readonly trustDomains: readonly string[];
  /** `namespace/account` of workloads, gateways and ServiceAccount documents. */
  readonly accounts: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

export const unknownIdentities: Check = (context) => {
  const known = knownIdentities(context);
  return context.system.authorizationPolicies.flatMap((policy) =>
    valueLists(policy).flatMap((list) => list.values.flatMap((value, index) => judge(known, list, value, index))),
  );
};

function knownIdentities({ system, gateways }: LintContext): Known {
  const ids = [...system.workloads.map(({ identity }) => identity), ...gateways.map(({ identity }) => identity)];
  const accounts = new Set(
    ids.flatMap((id) => parseIdentity(id) ?? []).map(({ namespace, account }) => `${namespace}/${account}`),
  );
  for (const { kind, metadata } of system.resources)
    if (kind === 'ServiceAccount') accounts.add(`${metadata.namespace}/${metadata.name}`);
  return {
    trustDomains: [system.mesh.trustDomain, ...system.mesh.trustDomainAliases],
    accounts,
    // Only what has workloads is known well enough to call a name in it wrong.
    namespaces: new Set([...system.workloads, ...gateways].map(({ namespace }) => namespace)),
  };
}

function judge(known: Known, list: ValueList, value: string, index: number): Finding[] {
  if (value.includes('*') || value.startsWith('spiffe://')) return [];
  switch (list.field) {
    case 'principals':
    case 'source.principal':
      return principal(known, list, value, index);
    case 'serviceAccounts':
    case 'source.serviceAccount':
      return account(known, list, value, value.includes('/') ? value : `${list.policy.metadata.namespace}/${value}`, index);
    case 'namespaces':
    case 'source.namespace':
      return namespace(known, list, value, index);
    default:
      return [];
  }
}

function principal(known: Known, list: ValueList, value: string, index: number): Finding[] {
  const id = parseIdentity(`spiffe://${value}`);
  if (id === undefined) {
    return [
      findingAt(list.policy, [...list.path, index], {
        code: 'policy.principal-form',
        severity: 'medium',
        title: `principal \`${value}\` has not the form of a mesh identity`,
        message:
          'workloads are called `TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`; this value is compared with the whole of that',
        detail: value,
      }),
    ];
  }
  const [expanded] = expandPrincipals([value], known.trustDomains);
  const domain = expanded?.split('/')[0] ?? '';
  if (!known.trustDomains.includes(domain)) {
    const right = `${known.trustDomains[0]}/ns/${id.namespace}/sa/${id.account}`;
    return [
      findingAt(list.policy, [...list.path, index], {
        code: 'policy.trust-domain',
        severity: 'high',
        title: `trust domain \`${id.trustDomain}\` of principal \`${value}\` is not one of this mesh`,
        message: `the mesh's trust domains are ${listText(known.trustDomains)}; peers of another one are not accepted, so nobody ever has this identity`,
        fix: {
          text: `write \`${right}\``,
          yaml: toYaml({ [list.path.at(-1) as string]: [right] }),
          ...setting(list.policy, [...list.path, index], right),
        },
        detail: value,
      }),
    ];
  }
  return account(known, list, value, `${id.namespace}/${id.account}`, index);
}

function account(known: Known, list: ValueList, value: string, wanted: string, index: number): Finding[] {
  const [home = ''] = wanted.split('/');
  if (known.accounts.has(wanted)) return [];
  const help = didYouMean(wanted, known.accounts);
  if (!known.namespaces.has(home) && help === undefined) return [];
  return [
    findingAt(list.policy, [...list.path, index], {
      code: 'policy.unknown-account',
      severity: 'medium',
      title: `no workload runs as \`${value}\``,
      message: `\`${nameOf(list.policy)}\` names service account \`${wanted}\`, which no workload, gateway or ServiceAccount has; whoever can create it gets what the rule gives`,
      ...(help !== undefined && { fix: { text: help } }),
      detail: value,
    }),
  ];
}

function namespace(known: Known, list: ValueList, value: string, index: number): Finding[] {
  const help = known.namespaces.has(value) ? undefined : didYouMean(value, known.namespaces);
  if (help === undefined) return [];
  return [
    findingAt(list.policy, [...list.path, index], {
      code: 'policy.unknown-namespace',
      severity: 'medium',
      title: `no workload runs in namespace \`${value}\``,
      message: `\`${nameOf(list.policy)}\` names a namespace that nothing runs in`,
      fix: { text: help },
      detail: value,
    }),
  ];
}
