// One System -> its findings and the ways to what matters: every table of rules, then the attack graph.
import type { Finding } from '#model/finding.ts';
import { lintPolicies } from '#policy/lint.ts';
import { buildAttackGraph } from './attack/build.ts';
import { locationOf } from './attack/evidence.ts';
import { attackPaths } from './attack/paths.ts';
import type { AttackPath } from './attack/paths.ts';
import type { PathSummary } from './result.ts';
import { findingOf } from './rule.ts';
import type { ScanContext, SystemRule } from './rule.ts';
import { API_RULES } from './rules/api.ts';
import { CLUSTER_RULES } from './rules/cluster.ts';
import { DOCKERFILE_RULES } from './rules/dockerfile.ts';
import { IMAGE_RULES } from './rules/images.ts';
import { NETWORK_RULES } from './rules/network.ts';
import { OAUTH_RULES } from './rules/oauth.ts';
import { POD_RULES } from './rules/pod.ts';
import { PARITY_RULES } from './rules/parity.ts';
import { RBAC_RULES } from './rules/rbac.ts';
import { SECRETS_CONFIG_RULES } from './rules/secrets-config.ts';
import { TLS_RULES } from './rules/tls.ts';

/** Every rule over a whole System. */
export const SYSTEM_RULES: readonly SystemRule[] = [
  ...NETWORK_RULES,
  ...TLS_RULES,
  ...POD_RULES,
  ...RBAC_RULES,
  ...CLUSTER_RULES,
  ...SECRETS_CONFIG_RULES,
  ...IMAGE_RULES,
  ...PARITY_RULES,
  ...API_RULES,
  ...OAUTH_RULES,
  ...DOCKERFILE_RULES,
];

/**
 * Findings and attack paths of one System.
 * @param unit name of the deployable, for the paths
 */
export function judgeSystem(
  context: ScanContext,
  unit: string,
): { readonly findings: readonly Finding[]; readonly paths: readonly PathSummary[] } {
  const findings = new Map<string, Finding>();
  for (const finding of lintPolicies(context.system)) findings.set(finding.id, finding);
  for (const rule of SYSTEM_RULES)
    for (const hit of rule.check(context)) {
      const finding = findingOf(rule, hit);
      findings.set(finding.id, finding);
    }
  const all = [...findings.values()];
  const graph = buildAttackGraph({ system: context.system, reach: context.reach(), findings: all });
  return {
    findings: all,
    paths: attackPaths(graph, { max: PATHS_MAX })
      .filter(({ byDesign }) => !byDesign)
      .map((path) => summaryOf(path, unit)),
  };
}

/** More than anyone reads; the gate only asks whether there are new ones. */
const PATHS_MAX = 100;

function summaryOf({ id, from, to, hops, risk }: AttackPath, unit: string): PathSummary {
  return {
    id,
    unit,
    from: from.label,
    to: to.label,
    hops: hops.map(({ edge }) => {
      const location = edge.evidence[0] && locationOf(edge.evidence[0]);
      return { text: edge.text, ...(location && { file: location.file, line: location.line }) };
    }),
    risk,
  };
}
