// CUSTOM policies that deny by mistake, and values that no data plane here can honour.
import type { Diagnostic } from '#model/diagnostic.ts';
import { findingId } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';
import { compilePolicies } from '../compile.ts';
import { place } from '#plan/select.ts';
import { CODES } from './catalogue.ts';
import { findingAt, ISTIO_POLICY, listText, nameOf } from './context.ts';
import type { Check } from './context.ts';

/** Providers that the mesh does not define, and several on one workload where that is not enabled. */
export const externalAuthorizers: Check = (context) => {
  const { mesh, authorizationPolicies } = context.system;
  const known = mesh.extensionProviders.map(({ name }) => name);
  const custom = authorizationPolicies.filter(({ spec }) => spec.action === 'CUSTOM');
  const undefinedOnes = custom.flatMap((policy): Finding[] => {
    const name = policy.spec.provider?.name ?? '';
    if (known.includes(name)) return [];
    return [
      findingAt(policy, ['spec', 'provider', 'name'], {
        code: 'policy.unknown-provider',
        severity: 'high',
        title: `external authorizer \`${name}\` of \`${nameOf(policy)}\` is not defined`,
        message: `every request that this policy matches is denied; the mesh configuration ${known.length > 0 ? `defines ${listText(known)}` : 'defines no extensionProviders'}`,
        fix: { text: 'define it under extensionProviders of the mesh configuration' },
      }),
    ];
  });
  if (mesh.multipleCustomProviders) return undefinedOnes;
  const crowded = context.workloads.flatMap(({ id, policies, workload }): Finding[] => {
    const names = [
      ...new Set(
        policies.authorization
          .filter(({ resource }) => resource.spec.action === 'CUSTOM')
          .map(({ resource }) => resource.spec.provider?.name ?? ''),
      ),
    ];
    if (names.length < 2) return [];
    return [
      findingAt(workload.resource, [], {
        code: 'policy.several-providers',
        severity: 'high',
        title: `\`${id}\` has ${names.length} external authorizers, but only one is enabled`,
        message: `policies ask ${listText(names)}; every request that any of them matches is denied`,
        fix: { text: 'use one provider, or enable several for the mesh' },
      }),
    ];
  });
  return [...undefinedOnes, ...crowded];
};

/** What the compiler could not honour, one finding a value. */
export const refusedValues: Check = ({ system }) =>
  system.authorizationPolicies.flatMap((policy) => {
    const set = { authorization: [place(policy)], requestAuthentication: [] };
    const { diagnostics } = compilePolicies(set, system.mesh, { namespace: policy.metadata.namespace });
    return diagnostics.map((diagnostic) => toFinding(nameOf(policy), diagnostic));
  });

function toFinding(policy: string, { code, message, location, path }: Diagnostic): Finding {
  return {
    id: findingId(code, policy, path ?? '', message),
    code,
    severity: 'high',
    title: message.split('; ')[0] ?? message,
    message,
    ...(location && { location }),
    ...(path !== undefined && { path }),
    subject: `AuthorizationPolicy ${policy}`,
    ...CODES.get(code),
    references: [ISTIO_POLICY],
  };
}
