// One System -> its findings and the ways to what matters: every table of rules, then the attack graph.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { lintPolicies } from '#policy/lint.ts';
import { buildAttackGraph } from './attack/build.ts';
import type { AttackInput } from './attack/context.ts';
import { pathSummary } from './attack/json.ts';
import { riskOf } from './attack/loss.ts';
import { attackPaths } from './attack/paths.ts';
import type { VulnerabilityInput } from './attack/model.ts';
import type { PathSummary } from './result.ts';
import { findingOf } from './rule.ts';
import type { ScanContext, SystemRule } from './rule.ts';
import { API_RULES } from './rules/api.ts';
import { CERTIFICATE_SYSTEM_RULES } from './rules/certificates.ts';
import { CLUSTER_RULES } from './rules/cluster.ts';
import { DOCKERFILE_RULES } from './rules/dockerfile.ts';
import { IMAGE_RULES } from './rules/images.ts';
import { MESH_RULES } from './rules/mesh.ts';
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
  ...MESH_RULES,
  ...POD_RULES,
  ...RBAC_RULES,
  ...CLUSTER_RULES,
  ...SECRETS_CONFIG_RULES,
  ...IMAGE_RULES,
  ...PARITY_RULES,
  ...API_RULES,
  ...OAUTH_RULES,
  ...DOCKERFILE_RULES,
  ...CERTIFICATE_SYSTEM_RULES,
];

export interface SystemVerdict {
  readonly findings: readonly Finding[];
  /** Riskiest first; those that only use what the system is meant to do are left out. */
  readonly paths: readonly PathSummary[];
  /** Workloads on any of them. */
  readonly onPaths: ReadonlySet<string>;
  /** What did not fit in the bounds. */
  readonly notAnalysed: readonly NotAnalysed[];
}

/** Findings of one rule in one System. Thousands of the same are one thing to mend; what is critical or high is kept beyond that. */
const [HITS_MAX, GRAVE_MAX] = [2000, 20_000];

/**
 * What every rule over a System finds.
 * @param leave told how many findings of a rule were left out, when there were more than anyone reads
 */
export function findingsOf(context: ScanContext, leave?: (rule: SystemRule, count: number) => void): readonly Finding[] {
  const findings = new Map<string, Finding>();
  for (const finding of lintPolicies(context.system, context.lint)) findings.set(finding.id, finding);
  for (const rule of SYSTEM_RULES) {
    let [kept, left] = [0, 0];
    for (const hit of rule.check(context)) {
      const severity = hit.severity ?? rule.severity;
      if (kept >= (severity === 'critical' || severity === 'high' ? GRAVE_MAX : HITS_MAX)) {
        left++;
        continue;
      }
      kept++;
      const finding = findingOf(rule, hit);
      findings.set(finding.id, finding);
    }
    if (left > 0) leave?.(rule, left);
  }
  return [...findings.values()];
}

/** What the attack graph, the smallest fix and the threat model of a System are made from. */
export function attackInputOf(
  context: ScanContext,
  findings: readonly Finding[],
  vulnerabilities: readonly VulnerabilityInput[] = [],
): AttackInput {
  const reach = context.reach();
  return { system: context.system, reach: reach.cautious?.() ?? reach, findings, vulnerabilities };
}

/**
 * Findings and attack paths of one System.
 * @param unit name of the deployable, for the paths
 * @param vulnerabilities of what is known to run in its workloads
 */
export function judgeSystem(
  context: ScanContext,
  unit: string,
  vulnerabilities: readonly VulnerabilityInput[] = [],
): SystemVerdict {
  const left: string[] = [];
  const found = findingsOf(context, ({ id }, count) => left.push(`\`${id}\` in ${count}`));
  const notAnalysed: NotAnalysed[] = [];
  if (left.length > 0)
    notAnalysed.push({
      file: unit,
      what: 'too-many',
      message: `findings stand in more places than are listed: ${left.join(', ')}`,
      help: 'mend those that are listed, or scan smaller parts by themselves',
    });
  const graph = buildAttackGraph(attackInputOf(context, found, vulnerabilities));
  const findings = riskOf(found, graph).map(({ finding, risk }) =>
    risk >= 1 ? { ...finding, risk: Math.round(risk) } : finding,
  );
  const paths = attackPaths(graph, { max: PATHS_MAX }).filter(({ byDesign }) => !byDesign);
  const onPaths = new Set(paths.flatMap(({ hops }) => hops.flatMap(({ to }) => to.workload ?? [])));
  if (graph.left > 0)
    notAnalysed.push({
      file: unit,
      what: 'attack-graph',
      message: 'the attack graph has more nodes and edges than are followed: paths may be missing',
      help: 'scan smaller parts by themselves',
    });
  return { findings, paths: paths.map((path) => pathSummary(path, unit)), onPaths, notAnalysed };
}

/** More than anyone reads; the gate only asks whether there are new ones. */
const PATHS_MAX = 100;
