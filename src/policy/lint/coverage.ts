// Workloads that no ALLOW policy guards, ports that rules name wrongly, and HTTP rules on ports that do not speak HTTP.
import type { AuthorizationRule } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { toYaml } from '../yaml.ts';
import { policyOf } from '../rule.ts';
import { conditionKind } from '../kinds.ts';
import { findingAt, ISTIO_POLICY, listText, nameOf, selected, valueLists, ZERO_TRUST } from './context.ts';
import type { Check, LintContext, LintWorkload } from './context.ts';
import { creating } from './edits.ts';
import { meshUse } from './mesh.ts';

/** Without an enforced ALLOW policy everything that is not denied is allowed. Where no mesh reads such policies there is nothing to miss. */
export const noAllowPolicy: Check = (context) => {
  const use = meshUse(context.system);
  if (use === 'none' || use === 'other') return [];
  const open = context.workloads.filter(
    ({ ports, policies }) => ports.length > 0 && !allowsOf(policies).some(({ dryRun }) => !dryRun),
  );
  return [...Map.groupBy(open, ({ namespace }) => namespace).values()].flatMap((group): Finding[] => {
    const all = context.workloads.filter(({ namespace, ports }) => namespace === group[0]!.namespace && ports.length > 0);
    const policed = group.length < all.length || group.some(({ policies }) => policies.authorization.length > 0);
    return policed || group.length === 1
      ? group.map((one) => withoutAllow(context, one))
      : [namespaceWithoutAllow(context, group)];
  });
};

function allowsOf({ authorization }: LintWorkload['policies']): ReturnType<typeof policyOf>[] {
  return authorization.map(policyOf).filter(({ action }) => action === 'ALLOW');
}

function withoutAllow(context: LintContext, one: LintWorkload): Finding {
  const allow = allowsOf(one.policies);
  const [first] = one.policies.authorization;
  const tries =
    allow.length > 0
      ? ` (${listText(allow.map(({ name }) => name))} ${allow.length > 1 ? 'are' : 'is'} only a dry run)`
      : first
        ? ', only others'
        : '';
  return findingAt(one.workload.resource, [], {
    code: 'policy.no-allow',
    severity: meshUse(context.system) === 'marked' ? 'high' : 'medium',
    title: `no ALLOW policy guards \`${one.id}\``,
    message: `no AuthorizationPolicy with action ALLOW is in force here${tries}, so every caller that reaches it may do everything on ${listText(one.ports.map(({ port }) => `port ${port}`))}`,
    fix: {
      text: 'allow the callers it is declared to have, and no others',
      yaml: toYaml(leastPrivilege(context, one)),
      ...creating(one.workload.resource, `${one.workload.name}-policy.yaml`, leastPrivilege(context, one)),
    },
    references: [ISTIO_POLICY, ZERO_TRUST],
  });
}

/** A namespace that has no policies at all is one decision, not one a workload. */
function namespaceWithoutAllow(context: LintContext, group: readonly LintWorkload[]): Finding {
  const [first] = group as [LintWorkload];
  const policies = group.map((one) => leastPrivilege(context, one));
  return findingAt(first.workload.resource, [], {
    code: 'policy.no-allow',
    severity: meshUse(context.system) === 'marked' ? 'high' : 'medium',
    title: `no ALLOW policy guards any of the ${group.length} workloads of namespace \`${first.namespace}\``,
    message: `no AuthorizationPolicy is in force on ${listText(group.map(({ id }) => id))}, so every caller that reaches them may do everything`,
    fix: {
      text: 'allow each workload the callers it is declared to have, and no others',
      yaml: policies.map(toYaml).join('---\n'),
      ...creating(first.workload.resource, `authorization-policies-${first.namespace}.yaml`, ...policies),
    },
    references: [ISTIO_POLICY, ZERO_TRUST],
    about: `Namespace /${first.namespace}`,
    detail: `namespace ${first.namespace}`,
  });
}

/** A policy made from the calls that other workloads' environment and the routes of gateways declare. */
function leastPrivilege({ system, gateways }: LintContext, one: LintWorkload): unknown {
  const byPort = new Map<string, Set<string>>();
  const add = (port: string, identity: string): void => {
    const callers = byPort.get(port) ?? new Set();
    byPort.set(port, callers.add(identity.replace('spiffe://', '')));
  };
  for (const call of system.calls) {
    const service = one.owned.find(({ id }) => id === call.to);
    const caller = system.workloads.find(({ id }) => id === call.from);
    const target = service?.ports.find(({ port }) => port === call.port)?.targetPort;
    if (caller && target !== undefined) add(String(portNumber(one, target)), caller.identity);
  }
  for (const route of system.httpRoutes) {
    for (const { name, namespace, port } of route.spec.rules.flatMap((rule) => rule.backendRefs)) {
      const service = one.owned.find(
        (owned) => owned.name === name && owned.namespace === (namespace ?? route.metadata.namespace),
      );
      const target = service?.ports.find((servicePort) => servicePort.port === port)?.targetPort;
      const parents = route.spec.parentRefs.map((parent) => `${parent.namespace ?? route.metadata.namespace}/${parent.name}`);
      if (target !== undefined)
        for (const gateway of gateways) if (parents.includes(gateway.id)) add(String(portNumber(one, target)), gateway.identity);
    }
  }
  const rules: AuthorizationRule[] = [...byPort].map(([port, principals]) => ({
    from: [{ source: { principals: [...principals] } }],
    to: [{ operation: { ports: [port] } }],
  }));
  const { name, namespace, labels } = one.workload;
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: namingLabels(labels) }, action: 'ALLOW', ...(rules.length > 0 && { rules }) },
  };
}

function portNumber(one: LintWorkload, target: number | string): number | string {
  if (typeof target === 'number') return target;
  const named = one.workload.containers.flatMap(({ ports }) => ports).find(({ name }) => name === target);
  return named?.port ?? target;
}

export function namingLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const key of ['app.kubernetes.io/name', 'app', 'k8s-app']) if (labels[key] !== undefined) return { [key]: labels[key] };
  return labels;
}

/** Policies match the container port; the service port in front of it is another number. */
export const unknownPort: Check = (context) =>
  context.system.authorizationPolicies.flatMap((policy) => {
    const workloads = selected(context, policy);
    if (workloads.length === 0 || workloads.some(({ ports }) => ports.length === 0)) return [];
    const known = new Set(workloads.flatMap(({ ports }) => ports.map(({ port }) => port)));
    return valueLists(policy)
      .filter((list) => list.field === 'ports' || list.field === 'destination.port')
      .flatMap((list) =>
        list.values.flatMap((value, index): Finding[] => {
          const port = Number(value);
          if (!Number.isInteger(port) || known.has(port)) return [];
          const behind = workloads.flatMap((one) =>
            one.owned.flatMap((service) =>
              service.ports
                .filter((servicePort) => servicePort.port === port)
                .map(({ targetPort }) => portNumber(one, targetPort)),
            ),
          )[0];
          return [
            findingAt(policy, [...list.path, index], {
              code: 'policy.unknown-port',
              severity: 'medium',
              title: `port ${value} in \`${nameOf(policy)}\` is no port of the workloads it holds on`,
              message: `policies compare the container port, and ${listText(workloads.map(({ id }) => id))} ${workloads.length > 1 ? 'have' : 'has'} ${listText([...known].map(String), 8)}${behind === undefined ? '' : `; ${value} is the service's port`}`,
              ...(behind !== undefined && { fix: { text: `write \`${behind}\`` } }),
              detail: value,
            }),
          ];
        }),
      );
  });

/** On a TCP port HTTP fields do not exist: ALLOW rules that have them never allow, DENY rules lose them and deny more. */
export const httpOnTcp: Check = (context) => {
  return context.system.authorizationPolicies.flatMap((policy) => {
    const { action } = policy.spec;
    const workloads = selected(context, policy);
    return (policy.spec.rules ?? []).flatMap((_, index): Finding[] => {
      const lists = valueLists(policy).filter((list) => list.rule === index);
      const http = lists.filter((list) => isHttp(list.field));
      if (http.length === 0) return [];
      const named = lists
        .filter((list) => !list.negated && (list.field === 'ports' || list.field === 'destination.port'))
        .flatMap(({ values }) => values);
      const hit = workloads.flatMap((one) =>
        one.ports
          .filter(
            (port) => port.protocol === 'tcp' && (named.length === 0 ? action !== 'ALLOW' : named.includes(String(port.port))),
          )
          .map(({ port }) => `${one.id}:${port}`),
      );
      if (hit.length === 0) return [];
      const fields = listText([...new Set(http.map(({ field }) => field))]);
      return [
        findingAt(policy, ['spec', 'rules', index], {
          code: 'policy.http-on-tcp',
          severity: action === 'ALLOW' ? 'medium' : 'high',
          title:
            action === 'ALLOW'
              ? `rule ${index} of \`${nameOf(policy)}\` never allows on TCP ports: it has HTTP fields`
              : `rule ${index} of \`${nameOf(policy)}\` takes in every connection on TCP ports: its HTTP fields are lost there`,
          message: `${fields} ${http.length > 1 ? 'do' : 'does'} not exist on ${listText(hit)}; ${action === 'ALLOW' ? 'the whole rule is dropped there' : 'what is left of the rule matches without them'}`,
          fix: {
            text:
              action === 'ALLOW'
                ? 'give TCP ports a rule of their own, with `ports` and who may connect'
                : 'name the HTTP ports in the rule, so that it leaves the others alone',
          },
        }),
      ];
    });
  });
};

const HTTP_FIELDS = new Set(['hosts', 'methods', 'paths', 'requestPrincipals']);

function isHttp(field: string): boolean {
  if (HTTP_FIELDS.has(field)) return true;
  if (!field.includes('.')) return false;
  const kind = conditionKind(field);
  return !('refused' in kind) && kind.layer === 'l7';
}
