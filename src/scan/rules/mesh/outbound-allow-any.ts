import { objectAt, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { meshIndex, nameOf } from './common.ts';
import { meshSettings } from './settings.ts';

export const outboundAllowAny = {
  id: 'mesh.outbound-allow-any',
  name: 'Workloads may call every address outside',
  severity: 'low',
  cwe: [923, 668],
  why: 'What a compromised workload has read it can send anywhere, and fetch its tools from anywhere; calls to hosts that nobody registered are seen as bytes at best.',
  help: 'set `outboundTrafficPolicy.mode: REGISTRY_ONLY` and register what is called by ServiceEntries',
  references: ['https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/'],
  tags: ['nsa-k8s:network', 'soc2:CC6.6'],
  *check(context: ScanContext): Generator<Hit> {
    const fix = {
      text: 'let out only what is registered',
      yaml: 'outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n',
    };
    for (const { resource, config, at } of meshSettings(context)) {
      const mode = textAt(objectAt(config, 'outboundTrafficPolicy'), 'mode');
      if (mode !== 'ALLOW_ANY') continue;
      yield {
        title: 'every workload of the mesh may call every address outside (ALLOW_ANY)',
        at: { resource, path: at(['outboundTrafficPolicy', 'mode']) },
        fix,
      };
    }
    for (const sidecar of meshIndex(context).istio('networking', 'Sidecar')) {
      if (textAt(objectAt(sidecar.spec, 'outboundTrafficPolicy'), 'mode') !== 'ALLOW_ANY') continue;
      yield {
        title: `Sidecar \`${nameOf(sidecar)}\` lets its workloads call every address outside (ALLOW_ANY)`,
        at: { resource: sidecar, path: ['spec', 'outboundTrafficPolicy', 'mode'] },
        fix,
      };
    }
  },
} satisfies SystemRule;
