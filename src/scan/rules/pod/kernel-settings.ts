import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

export const kernelView = {
  id: 'pod.kernel-settings',
  name: 'Kernel settings opened',
  severity: 'medium',
  cwe: [250],
  why: 'An unmasked /proc shows and lets root change what belongs to the node; kernel parameters that are not counted as safe reach beyond the pod or weaken its network.',
  help: 'Leave `procMount` at `Default`; set only sysctls that are namespaced and safe.',
  references: [PSS, 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/'],
  tags: ['cis-k8s:5.7.3', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['procMount', 'sysctls'], (_, verdict) => ({
      title: offenceText(verdict),
      severity: verdict.control.id === 'procMount' ? 'medium' : 'low',
    })),
} as const satisfies SystemRule;
