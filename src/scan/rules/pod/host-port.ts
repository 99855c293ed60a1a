import { originOf } from '#model/origin.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

export const hostPort = {
  id: 'pod.host-port',
  name: 'Port of the node taken',
  severity: 'low',
  cwe: [668],
  why: 'A `hostPort` opens the container on every address of its node, beside Services and ingress and, with many network plugins, beside NetworkPolicy.',
  help: 'Remove `hostPort` and publish by a Service.',
  references: [PSS, 'https://kubernetes.io/docs/concepts/configuration/overview/'],
  tags: ['cis-k8s:5.2.13', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['hostPorts'], ({ resource, at, pod }, verdict) => {
      // With hostNetwork every port is the node's, whatever is written (core/v1 defaulting sets hostPort then).
      if (pod.spec['hostNetwork'] === true) return undefined;
      const document = originOf(resource);
      return {
        title: offenceText(verdict),
        severity: 'low',
        fix: {
          text: 'Remove `hostPort`.',
          ...(document && { edits: verdict.paths.map((path) => ({ op: 'remove' as const, document, path: at(path) })) }),
        },
      };
    }),
} as const satisfies SystemRule;
