import { enforcedIn } from '../../pss/namespace.ts';
import { judgePod } from '../../pss/evaluate.ts';
import { podTemplates } from '../../pod-template.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { PSS, offenceText, placeOf, workloadName } from './control-hits.ts';

export const refused = {
  id: 'pod.refused-by-namespace',
  name: 'Pod that its namespace refuses',
  severity: 'medium',
  cwe: [1188],
  why: 'The namespace enforces a level of the Pod Security Standards that this pod does not keep: the cluster takes the workload and then refuses every pod of it, so that it never runs. What people do next is to lower the level for everyone.',
  help: 'Make the pod keep the level that its namespace enforces.',
  references: [PSS, 'https://kubernetes.io/docs/concepts/security/pod-security-admission/'],
  tags: ['cis-k8s:5.2.1', 'nsa-k8s:pod'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const template of podTemplates(system)) {
    if (!template.kubernetes) continue;
    const enforced = enforcedIn(system, template.workload.namespace);
    if (!enforced || enforced.level === 'privileged') continue;
    const failed = judgePod(template.judged, enforced).filter(({ allowed, covered }) => !allowed && !covered);
    if (failed.length === 0) continue;
    const offences = failed.flatMap((verdict) => verdict.offences);
    const names = failed.map(({ control }) => control.id);
    yield {
      title: `${workloadName(template)} breaks \`${enforced.level}\` (${enforced.version}), which namespace \`${template.workload.namespace}\` enforces: ${offenceText({ offences })}`,
      ...placeOf(template, { offences }),
      detail: enforced.level,
      tags: [`pss:${enforced.level}`, ...names.map((name) => `pss-control:${name}`)],
    };
  }
}
