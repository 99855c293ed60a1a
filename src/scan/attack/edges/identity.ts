// HAS_TOKEN: the service accounts that an attacker in a workload can act as.
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import { listAt, memberOf, objectAt } from '#base/raw.ts';
import { identityNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import type { Evidence } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';
import type { Credentials } from './credentials.ts';
import { Powers } from './rbac.ts';

/**
 * Whether a workload's pods get a token of their service account.
 *
 * The pod's own word counts, else the ServiceAccount's, else yes (Kubernetes, Configure Service Accounts for Pods); a projected volume with a
 * `serviceAccountToken` for the API server brings one whatever these say.
 */
export function tokenOf(
  build: Pick<Build, 'pods'>,
  workload: Workload,
  account: Resource | undefined,
): { readonly evidence: Evidence; readonly projected: boolean } | undefined {
  const pod = build.pods.get(workload.id)!;
  if (!pod.kubernetes) return undefined;
  for (const [i, volume] of listAt(pod.spec, 'volumes').entries())
    for (const source of listAt(objectAt(volume, 'projected'), 'sources')) {
      const token = objectAt(source, 'serviceAccountToken');
      // A token for another audience means nothing to the API server.
      if (token && token['audience'] === undefined)
        return {
          projected: true,
          evidence: evidenceAt('a projected volume brings a token of the service account', workload.resource, [
            ...pod.path,
            'volumes',
            i,
          ]),
        };
    }
  const own = memberOf(pod.spec, 'automountServiceAccountToken');
  if (own === false) return undefined;
  if (own === true)
    return {
      projected: false,
      evidence: evidenceAt('`automountServiceAccountToken` is `true`', workload.resource, [
        ...pod.path,
        'automountServiceAccountToken',
      ]),
    };
  const said = account && memberOf(account.body, 'automountServiceAccountToken');
  if (said === false) return undefined;
  if (said === true)
    return {
      projected: false,
      evidence: evidenceAt('the ServiceAccount says `automountServiceAccountToken: true`', account!, [
        'automountServiceAccountToken',
      ]),
    };
  return {
    projected: false,
    evidence: evidenceAt(
      'nothing says `automountServiceAccountToken: false`, so the token is mounted',
      workload.resource,
      pod.path,
    ),
  };
}

export function identityEdges(build: Build, credentials: Credentials): void {
  const { builder, system } = build;
  const accounts = new Map<string, Resource>(
    system.resources.flatMap((each) =>
      each.kind === 'ServiceAccount' ? [[`${each.metadata.namespace}/${each.metadata.name}`, each] as const] : [],
    ),
  );
  const holders: ReadonlyMap<string, readonly Workload[]> = Map.groupBy(system.workloads, (workload) => accountOf(workload));
  const powers = new Powers(build, credentials, holders);
  for (const [account, grants] of build.permissions) powers.of(account, grants);
  for (const [account, workloads] of holders) {
    if (!builder.has(`identity:${account}`)) continue;
    for (const workload of workloads) {
      const token = tokenOf(build, workload, accounts.get(account));
      if (!token) continue;
      const fact = builder.fact(
        `token:${workload.id}`,
        `${workload.id} holds a token of service account ${account}`,
        token.evidence,
      );
      builder.edge(workloadNode(build, workload.id), identityNode(build, account), {
        kind: 'HAS_TOKEN',
        probability: P.token,
        text: `takes the token of service account ${account}: ${token.evidence.text}`,
        evidence: [token.evidence],
        facts: [fact],
      });
    }
  }
}

function accountOf({ namespace, serviceAccount }: Workload): string {
  return `${namespace}/${serviceAccount}`;
}
