// ALLOW rules for every identity.
import type { AuthorizationSource } from '#model/istio.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, nameOf } from './common.ts';

const FIELDS = ['principals', 'namespaces', 'trustDomains'] as const;

export const anyPrincipal = {
  id: 'mesh.any-principal',
  name: 'Every identity of the mesh is allowed',
  severity: 'medium',
  cwe: [284, 862],
  why: '`*` takes in every workload that has a certificate, also one that an attacker has taken over, and every one that is added later.',
  help: 'name the service accounts that call',
  references: ['https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source', 'NIST SP 800-207'],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const policy of context.system.authorizationPolicies) {
      if (policy.spec.action !== 'ALLOW') continue;
      for (const [index, rule] of (policy.spec.rules ?? []).entries()) {
        if ((rule.when ?? []).length > 0) continue;
        const item = (rule.from ?? []).findIndex(({ source }) => isEverybody(source));
        if (item === -1) continue;
        const limited = (rule.to ?? []).length > 0;
        yield {
          title: limited
            ? `rule ${index} of \`${nameOf(policy)}\` lets every identity of the mesh do what it names`
            : `rule ${index} of \`${nameOf(policy)}\` lets every identity of the mesh do everything`,
          // Health checks and metrics are often meant for all.
          severity: limited ? 'low' : 'medium',
          at: { resource: policy, path: ['spec', 'rules', index, 'from', item, 'source'] },
          fix: { text: 'name who may call', yaml: 'source:\n  principals:\n    - cluster.local/ns/NAMESPACE/sa/ACCOUNT\n' },
        };
        break;
      }
    }
  },
} satisfies SystemRule;

function isEverybody(source: AuthorizationSource): boolean {
  const set = Object.entries(source).filter(([, values]) => Array.isArray(values) && values.length > 0);
  return (
    set.length > 0 &&
    set.every(([name, values]) => (FIELDS as readonly string[]).includes(name) && (values as readonly string[]).includes('*'))
  );
}
