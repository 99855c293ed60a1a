import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { PodTemplate } from '../../pod-template.ts';
import type { Pod } from '../../pss/pod.ts';
import { memberOf, numberAt, objectAt, textsAt } from '#base/raw.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

/**
 * With the node's processes in sight and the capability to trace them, a container reads their memory and files and runs code in them
 * (capabilities(7), ptrace(2) "ptrace access mode checking"). Without it, or without root, it sees their names and arguments. A privileged
 * container is told of as that (`pod.privileged`).
 */
function severityOf({ workload, pod }: PodTemplate, fields: ReadonlySet<string>): FindingSeverity {
  if (workload.namespace === 'kube-system') return 'low';
  return fields.has('hostPID') && traces(pod) && !runsAsUser(pod) ? 'high' : 'medium';
}

const TRACING: ReadonlySet<string> = new Set(['ALL', 'SYS_PTRACE', 'SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYS_ADMIN']);

function traces(pod: Pod): boolean {
  return pod.containers.some(({ securityContext }) =>
    textsAt(objectAt(securityContext, 'capabilities'), 'add').some((name) => TRACING.has(name.toUpperCase())),
  );
}

/** Whether no container can be root. */
function runsAsUser(pod: Pod): boolean {
  const plain = (context: unknown): boolean | undefined => {
    const user = numberAt(context, 'runAsUser');
    return user === undefined ? (memberOf(context, 'runAsNonRoot') === true ? true : undefined) : user !== 0;
  };
  const whole = plain(pod.securityContext) ?? false;
  return pod.containers.every(({ securityContext }) => plain(securityContext) ?? whole);
}

export const hostNamespaces = {
  id: 'pod.host-namespaces',
  name: 'Namespaces of the node shared',
  severity: 'medium',
  cwe: [653],
  why: 'A pod in the namespaces of its node is not held apart from it: `hostPID` shows and lets root touch every process of the node, `hostNetwork` passes by every NetworkPolicy and reaches services that listen on the node only, `hostIPC` shares its memory segments.',
  help: 'Remove `hostNetwork`, `hostPID` and `hostIPC`; publish ports by a Service.',
  references: [PSS, 'https://kubernetes.io/docs/concepts/services-networking/network-policies/'],
  tags: ['cis-k8s:5.2.3', 'cis-k8s:5.2.4', 'cis-k8s:5.2.5', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['hostNamespaces'], (template, verdict) => {
      const { resource, at } = template;
      const fields = new Set(verdict.paths.map((path) => String(path[1])));
      const document = originOf(resource);
      return {
        title: offenceText(verdict),
        severity: severityOf(template, fields),
        fix: {
          text: `Remove ${[...fields].map((field) => `\`${field}\``).join(' and ')}.`,
          ...(document && { edits: verdict.paths.map((path) => ({ op: 'remove' as const, document, path: at(path) })) }),
        },
      };
    }),
} as const satisfies SystemRule;
