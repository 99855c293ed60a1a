import { originOf } from '#model/origin.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

export const hostProbe = {
  id: 'pod.host-probe',
  name: 'Probe that calls another host',
  severity: 'low',
  cwe: [918],
  why: "The kubelet makes the calls of probes and hooks, from the node: a `host` of the manifest's choice turns it into a way round every NetworkPolicy, to what only nodes can reach.",
  help: 'Remove `host`; the kubelet calls the pod by itself.',
  references: [PSS, 'https://www.kubernetes.dev/resources/keps/4940/'],
  tags: ['nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['hostProbesAndHostLifecycle'], ({ resource, at }, verdict) => {
      // 127.0.0.1 is the node itself: what hostNetwork pods write for their own ports.
      const foreign = verdict.offences.filter(({ text }) => !/`(?:127\.0\.0\.1|localhost|::1)`$/.test(text));
      if (foreign.length === 0) return undefined;
      const document = originOf(resource);
      return {
        title: offenceText(verdict),
        severity: 'low',
        fix: {
          text: 'Remove `host`.',
          ...(document && { edits: verdict.paths.map((path) => ({ op: 'remove' as const, document, path: at(path) })) }),
        },
      };
    }),
} as const satisfies SystemRule;
