// The attack graph: where an attacker can stand, how one moves on, how likely that is, and on which lines of the manifests it rests.
import type { Location, Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { Transport } from '../reach/face.ts';

export const NODE_KINDS = [
  'internet',
  /** A port of a workload that the attacker can send to. */
  'access',
  /** Several sources that reach the same ports; only bookkeeping, left out of what people see. */
  'group',
  /** Code of the attacker runs in the workload. */
  'workload',
  /** Calls to the cluster's API as a service account. */
  'identity',
  /** The value of a Secret, or of a literal. */
  'secret',
  /** What a crown jewel holds. */
  'asset',
  /** Root on a machine of the cluster. */
  'node',
  /** A role of the cloud provider. */
  'cloud',
  /** A system that deploys: Argo CD, CI runner, registry. */
  'control',
  /** Every right in the cluster. */
  'cluster',
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export const EDGE_KINDS = [
  'EXPOSED',
  'REACH_L4',
  'REACH_L7',
  'EXPLOIT',
  'VULN_RCE',
  'VULN_SSRF',
  'HAS_TOKEN',
  'RBAC_SECRETS',
  'RBAC_EXEC',
  'RBAC_CREATE_POD',
  'RBAC_IMPERSONATE',
  'RBAC_ESCALATE',
  'RBAC_NODE',
  'RBAC_ADMIN',
  'SECRET_MOUNT',
  'SECRET_ENV',
  'SECRET_LITERAL',
  'CRED_FOR',
  'CLIENT',
  'NO_AUTH',
  'HOLDS',
  'TOKEN_FORGE',
  'OAUTH_ABUSE',
  'ESCAPE_PRIVILEGED',
  'ESCAPE_CAPABILITY',
  'ESCAPE_NAMESPACE',
  'ESCAPE_HOST_PATH',
  'ESCAPE_SOCKET',
  'NODE_PIVOT',
  'METADATA',
  'CONTROL',
] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** A place that an edge rests on. */
export interface Evidence {
  /** One line, lower-case: `mounts secret \`db-credentials\``. */
  readonly text: string;
  readonly resource?: Resource;
  readonly path?: Path;
  readonly location?: Location;
}

/** What the attacker is after. */
export interface Asset {
  /** Id of the workload, secret or system that holds it. */
  readonly holder: string;
  /** `customer data in postgres`, `payment`, `secrets` */
  readonly kind: 'database' | 'cache' | 'broker' | 'vault' | 'payment' | 'identity-provider' | 'cluster' | 'cloud' | 'declared';
  /** Euros lost when it falls. */
  readonly value: number;
  readonly declared: boolean;
  /** Why it counts as one. */
  readonly reason: string;
  readonly evidence: Evidence;
}

export interface AttackNode {
  /** `workload:shop/cart`, `access:shop/cart:7070`, … */
  readonly id: string;
  readonly kind: NodeKind;
  /** For people: `shop/cart`. */
  readonly label: string;
  /** The workload it belongs to. */
  readonly workload?: string;
  readonly asset?: Asset;
}

/** A fact that an edge needs; without it the edge is gone. Named `kind:what`, equal for all edges that rest on it. */
export type FactId = string;

export interface AttackEdge {
  /** Index of the node. */
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  /** That an attacker who stands at `from` gets to `to`: over 0, at most 1. */
  readonly probability: number;
  /** One line, lower-case: what the attacker does, and what makes it possible. */
  readonly text: string;
  readonly evidence: readonly Evidence[];
  /** Weak facts, each of which a fix can take away. Empty: the edge is how the system is meant to work, or cannot be helped. */
  readonly facts: readonly FactId[];
  /** A flow that somebody declared and that every fix must keep. */
  readonly required: boolean;
}

/** A weak fact with what would end it. */
export interface Fact {
  readonly id: FactId;
  /** One line: what is weak. */
  readonly text: string;
  readonly evidence: Evidence;
  /** Further places that speak of it: the role of a binding. */
  readonly also?: readonly Evidence[];
}

export interface AttackGraph {
  readonly nodes: readonly AttackNode[];
  readonly edges: readonly AttackEdge[];
  /** Edge indexes by tail: those of node `n` are `out[outStart[n]]` to `out[outStart[n + 1] - 1]`. */
  readonly outStart: Int32Array;
  readonly out: Int32Array;
  readonly facts: ReadonlyMap<FactId, Fact>;
  readonly index: ReadonlyMap<string, number>;
  /** Indexes of the nodes of kind `asset`, most valuable first. */
  readonly jewels: readonly number[];
  /** Version of the table of probabilities. */
  readonly version: string;
}

/** A flow that somebody declared. */
export interface RequiredFlow {
  /** Workload id, or `internet`. */
  readonly from: string;
  /** Workload id. */
  readonly to: string;
  /** Port of the pod. */
  readonly port: number;
  readonly transport: Transport;
  /** One line: what declares it. */
  readonly why: string;
  readonly evidence: Evidence;
  /** Nobody wrote it down: names suggest it. */
  readonly inferred?: true;
}

/** A known vulnerability of something that runs. */
export interface VulnerabilityInput {
  /** Workload id, or image as the container names it. */
  readonly workload?: string;
  readonly image?: string;
  /** `CVE-2026-1234` */
  readonly id: string;
  readonly severity: FindingSeverity;
  /** CVSS vector, any version. */
  readonly vector?: string;
  /** In a catalogue of vulnerabilities known to be exploited. */
  readonly kev?: boolean;
  /** Probability of exploitation within 30 days, 0 to 1. */
  readonly epss?: number;
  readonly cwe?: readonly number[];
  readonly package?: string;
  /** First version without it. */
  readonly fixedIn?: string;
  readonly location?: Location;
}

/** Bounds that keep a graph of hostile manifests small; what exceeds them is left out and said. */
export const LIMITS = {
  nodes: 200_000,
  edges: 2_000_000,
  /** Pairs of workloads that policies tell apart: those of five thousand. */
  pairs: 25_000_000,
  secretsPerIdentity: 2000,
  grantSteps: 1_000_000,
  vulnerabilitiesPerWorkload: 3,
} as const;
