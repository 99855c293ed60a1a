// Links that are not, or need not be, mutual TLS.
import type { EffectiveMtlsMode } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { locationAt } from '../reasons.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, ISTIO_PEER, listText, ZERO_TRUST } from './context.ts';
import type { Check, LintContext, LintWorkload } from './context.ts';
import { creating } from './edits.ts';
import { meshUse } from './mesh.ts';

interface Open {
  readonly one: LintWorkload;
  readonly mode: EffectiveMtlsMode;
  readonly at: string;
  readonly ports: number[];
}

/**
 * Where a mesh is in use, one finding per namespace and deciding PeerAuthentication, naming the workloads whose ports take plaintext; without one a
 * single remark for the whole system.
 */
export const plaintext: Check = (context) => {
  const use = meshUse(context.system);
  if (use === 'other') return [];
  if (use === 'none') return withoutMesh(context);
  const groups = new Map<string, Open[]>();
  for (const one of context.workloads) {
    for (const open of openPorts(context, one)) {
      const key = JSON.stringify([one.namespace, open.mode, open.at]);
      groups.set(key, [...(groups.get(key) ?? []), open]);
    }
  }
  return [...groups.values()].map((group) => describe(context, group));
};

function openPorts({ system }: LintContext, one: LintWorkload): Open[] {
  const found = new Map<string, Open>();
  for (const { port } of one.ports) {
    const { mode, at } = effectiveMtls(system, one, port);
    if (mode === 'STRICT') continue;
    const open = found.get(mode + at) ?? { one, mode, at, ports: [] };
    open.ports.push(port);
    found.set(mode + at, open);
  }
  return [...found.values()];
}

function withoutMesh({ workloads, system }: LintContext): Finding[] {
  const serving = workloads.filter(({ ports }) => ports.length > 0);
  const [first] = serving;
  if (!first || serving.length < 2) return [];
  const names = listText(serving.map(({ id }) => id));
  return [
    findingAt(first.workload.resource, [], {
      code: 'mtls.no-mesh',
      severity: 'low',
      title: `no mesh encrypts what the ${serving.length} workloads say to each other, or tells who calls`,
      message:
        `${names} have no identity of their own on the network: whoever stands between them reads what is not TLS, and a caller is known by what it says alone` +
        (system.calls.length > 0 ? `; ${system.calls.length} call${system.calls.length > 1 ? 's are' : ' is'} declared` : ''),
      fix: { text: 'take the workloads into a mesh that demands mutual TLS, or let each of them serve and check TLS' },
      references: [ISTIO_PEER, ZERO_TRUST],
      about: 'System',
      detail: 'system',
    }),
  ];
}

function describe(context: LintContext, group: readonly Open[]): Finding {
  const [{ one, mode, at }] = group as [Open];
  const { namespace } = one;
  const off = mode === 'DISABLE';
  const callers = context.system.calls.filter((call) => group.some((open) => open.one.owned.some(({ id }) => id === call.to)));
  const by = at === '' ? 'nothing says otherwise, and the default is PERMISSIVE' : `PeerAuthentication at ${at} says ${mode}`;
  const names = listText(group.map((open) => `${open.one.id}:${open.ports.join(',')}`));
  const strict = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace },
    spec: { mtls: { mode: 'STRICT' } },
  };
  const finding = findingAt(one.workload.resource, [], {
    code: off ? 'mtls.disabled' : 'mtls.permissive',
    severity: off ? 'high' : 'medium',
    title: off
      ? `mutual TLS is switched off on ${group.length} workload${group.length > 1 ? 's' : ''} of namespace \`${namespace}\``
      : `${group.length} workload${group.length > 1 ? 's' : ''} of namespace \`${namespace}\` take${group.length > 1 ? '' : 's'} plaintext`,
    message:
      `${names}: ${by}. ${off ? 'Nobody who calls has an identity, and everything can be read on the way' : 'A caller without a sidecar gets in unidentified; rules that name principals do not stop it where there is no ALLOW policy'}` +
      (callers.length > 0 ? `; ${callers.length} declared call${callers.length > 1 ? 's lead' : ' leads'} here` : ''),
    fix: {
      text: `require mutual TLS in namespace \`${namespace}\``,
      yaml: toYaml(strict),
      // Where another one says otherwise, that is to be changed, and not by a second of the same scope.
      ...(at === '' && creating(one.workload.resource, `peer-authentication-${namespace}.yaml`, strict)),
    },
    references: [ISTIO_PEER, ZERO_TRUST],
    // By default it is the namespace that has none; where a PeerAuthentication says so, its file decides.
    ...(at === '' && { about: `Namespace /${namespace}` }),
    detail: `${namespace} ${mode} ${at.replace(/:\d+:\d+$/, '')}`,
  });
  // Where a PeerAuthentication says so, that is the line to change.
  return { ...finding, ...locationAt(at) };
}
