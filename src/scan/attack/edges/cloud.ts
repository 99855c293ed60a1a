// METADATA: from a pod or a machine to the roles of the cloud provider; and the roles that service accounts are given (workload identity).
import { textAt } from '#base/raw.ts';
import type { System } from '#model/system.ts';
import { resourceId } from '#model/resource.ts';
import { CLOUD_NODE, forwardNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { INFERRED_VALUES } from '../assets.ts';
import { evidenceAt } from '../evidence.ts';
import type { Evidence } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';

/** Where AWS, Google Cloud, Azure and others give a machine its credentials. */
export const METADATA_ADDRESS = '169.254.169.254';
/** What a role given to one service account is worth, against the role of a whole machine. */
const ROLE_VALUE = 100_000;

/** Annotations of service accounts that name a role of a cloud (EKS IRSA, GKE and Azure workload identity). */
export const ROLE_ANNOTATIONS = [
  'eks.amazonaws.com/role-arn',
  'iam.gke.io/gcp-service-account',
  'azure.workload.identity/client-id',
] as const;

const CLOUD_KEY =
  /(?:^|\.|\/)(?:eks\.amazonaws\.com|amazonaws\.com|aws-load-balancer|gke\.io|cloud\.google\.com|networking\.gke\.io|azure\.com|azure\.workload\.identity|digitalocean\.com|linode\.com)/;

/** What in the manifests shows that the cluster runs at a cloud provider; undefined when nothing does. */
export function cloudSign(system: System): Evidence | undefined {
  for (const resource of system.resources) {
    for (const [member, map] of [
      ['annotations', resource.metadata.annotations],
      ['labels', resource.metadata.labels],
    ] as const)
      for (const key of Object.keys(map))
        if (CLOUD_KEY.test(key.slice(0, 300)))
          return evidenceAt(`\`${key}\` speaks of a cloud provider`, resource, ['metadata', member, key]);
    if (resource.kind === 'Node' && /^(?:aws|gce|azure|digitalocean):/.test(textAt(resource.spec, 'providerID') ?? ''))
      return evidenceAt('its `providerID` names a cloud', resource, ['spec', 'providerID']);
    if (resource.kind === 'StorageClass' && /aws|gke|gce|azure/.test(textAt(resource.body, 'provisioner') ?? ''))
      return evidenceAt('its provisioner belongs to a cloud', resource, ['provisioner']);
  }
  return undefined;
}

export function cloudEdges(build: Build): void {
  roleEdges(build);
  const sign = cloudSign(build.system);
  if (!sign) return;
  const { builder, reach } = build;
  const cloud = (): number => {
    const fresh = !builder.has(CLOUD_NODE);
    const node = builder.node(CLOUD_NODE, 'cloud', "the machine's cloud role");
    if (fresh) {
      const asset = {
        holder: 'cloud',
        kind: 'cloud',
        value: INFERRED_VALUES.cloud,
        declared: false,
        reason: sign.text,
        evidence: sign,
      } as const;
      builder.edge(node, builder.node('asset:cloud', 'asset', 'the cloud account', { asset }), {
        kind: 'METADATA',
        probability: 1,
        text: 'acts with the role of the machine',
        evidence: [sign],
      });
    }
    return node;
  };
  for (const workload of build.system.workloads) {
    if (!build.pods.get(workload.id)!.kubernetes) continue;
    const open = reach
      .connections(workload.id, `${METADATA_ADDRESS}/32`)
      .some(({ transport, first, last }) => transport === 'TCP' && first <= 80 && 80 <= last);
    if (!open) continue;
    const text = `asks ${METADATA_ADDRESS} for the machine's credentials: no egress policy forbids it`;
    const evidence = evidenceAt(text, workload.resource, build.pods.get(workload.id)!.path);
    const fact = builder.fact(`metadata:${workload.id}`, `${workload.id} reaches ${METADATA_ADDRESS}`, evidence);
    for (const from of build.forwarders.has(workload.id)
      ? [workloadNode(build, workload.id), forwardNode(build, workload.id)]
      : [workloadNode(build, workload.id)])
      builder.edge(from, cloud(), { kind: 'METADATA', probability: P.metadata, text, evidence: [evidence, sign], facts: [fact] });
  }
}

/** Machines reach their own metadata whatever policies say. Called when every node is known. */
export function nodeCloudEdges(build: Build, nodes: readonly number[]): void {
  const { builder } = build;
  if (!builder.has(CLOUD_NODE)) return;
  const cloud = builder.node(CLOUD_NODE, 'cloud', '');
  for (const node of nodes)
    builder.edge(node, cloud, {
      kind: 'METADATA',
      probability: P.metadata,
      text: `asks ${METADATA_ADDRESS} as the machine itself`,
      evidence: [],
    });
}

function roleEdges(build: Build): void {
  const { builder } = build;
  const accounts = new Map(
    build.system.resources.flatMap((each) =>
      each.kind === 'ServiceAccount' ? [[`${each.metadata.namespace}/${each.metadata.name}`, each] as const] : [],
    ),
  );
  for (const workload of build.system.workloads) {
    const account = accounts.get(`${workload.namespace}/${workload.serviceAccount}`);
    if (!account) continue;
    for (const key of ROLE_ANNOTATIONS) {
      const role = account.metadata.annotations[key];
      if (role === undefined) continue;
      const given = evidenceAt(`\`${key}\` of ${resourceId(account)}`, account, ['metadata', 'annotations', key]);
      const reason = 'a role of the cloud that a service account is given';
      const asset = { holder: role, kind: 'cloud', value: ROLE_VALUE, declared: false, reason, evidence: given } as const;
      const node = builder.node(`asset:role:${role}`, 'asset', `cloud role ${role}`, { asset });
      builder.edge(workloadNode(build, workload.id), node, {
        kind: 'CRED_FOR',
        probability: P.credential,
        text: `acts as cloud role ${role}`,
        evidence: [given],
        required: true,
      });
    }
  }
}
