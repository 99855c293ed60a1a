// Links that are not, or need not be, mutual TLS.
import type { EffectiveMtlsMode } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { locationAt } from '../reasons.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, ISTIO_PEER, listText, ZERO_TRUST } from './context.ts';
import type { Check, LintContext, LintWorkload } from './context.ts';

interface Open {
  readonly one: LintWorkload;
  readonly mode: EffectiveMtlsMode;
  readonly at: string;
  readonly ports: number[];
}

/** One finding per namespace and deciding PeerAuthentication, naming the workloads whose ports take plaintext. */
export const plaintext: Check = (context) => {
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

function describe(context: LintContext, group: readonly Open[]): Finding {
  const [{ one, mode, at }] = group as [Open];
  const { namespace } = one;
  const off = mode === 'DISABLE';
  const callers = context.system.calls.filter((call) => group.some((open) => open.one.owned.some(({ id }) => id === call.to)));
  const by = at === '' ? 'nothing says otherwise, and the default is PERMISSIVE' : `PeerAuthentication at ${at} says ${mode}`;
  const names = listText(group.map((open) => `${open.one.id}:${open.ports.join(',')}`));
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
      yaml: toYaml({
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'default', namespace },
        spec: { mtls: { mode: 'STRICT' } },
      }),
    },
    references: [ISTIO_PEER, ZERO_TRUST],
    detail: `${namespace} ${mode} ${at}`,
  });
  // Where a PeerAuthentication says so, that is the line to change.
  return { ...finding, ...locationAt(at) };
}
