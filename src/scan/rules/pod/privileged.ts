import { originOf } from '#model/origin.ts';
import { indented } from '../fix-text.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

export const privileged = {
  id: 'pod.privileged',
  name: 'Privileged container',
  severity: 'high',
  cwe: [250],
  why: 'A privileged container has every capability and sees every device of the node: whoever gets code to run in it owns the node, and with it every pod and token on that node.',
  help: 'Take `privileged: true` away; give the few capabilities that the program needs by name.',
  references: [PSS, 'https://attack.mitre.org/techniques/T1611/'],
  tags: ['cis-k8s:5.2.2', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['privileged', 'windowsHostProcess'], (template, verdict) => {
      const { resource, at, pod, kubernetes } = template;
      const host = verdict.control.id === 'windowsHostProcess';
      const document = originOf(resource);
      const text = host
        ? 'Remove `hostProcess: true`.'
        : 'Remove `privileged: true`; add single capabilities where the program needs them.';
      return {
        title: offenceText(verdict),
        severity: pod.spec['hostPID'] === true ? 'critical' : 'high',
        fix: {
          text,
          ...(!host &&
            kubernetes && { yaml: indented({ securityContext: { privileged: false, allowPrivilegeEscalation: false } }) }),
          ...(document && { edits: verdict.paths.map((path) => ({ op: 'remove' as const, document, path: at(path) })) }),
        },
      };
    }),
} as const satisfies SystemRule;
