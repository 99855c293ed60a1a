// What every kind of edge is made from.
import type { Finding } from '#model/finding.ts';
import type { System, Workload } from '#model/system.ts';
import type { Grants } from '../rbac/permissions.ts';
import type { Reach } from '../reach/face.ts';
import type { WorkloadAsset } from './assets.ts';
import type { GraphBuilder } from './builder.ts';
import type { RequiredFlow } from './model.ts';
import type { VulnerabilityInput } from './model.ts';
import type { RawPod } from './pod.ts';
import type { Exploit } from './vulnerability.ts';

export interface AttackInput {
  readonly system: System;
  readonly reach: Reach;
  /** By `namespace/name` of the service account; worked out from the System when absent. */
  readonly permissions?: ReadonlyMap<string, Grants>;
  readonly vulnerabilities?: readonly VulnerabilityInput[];
  /** Those of other rules that open a way of their own: OAuth clients, token checks. */
  readonly findings?: readonly Finding[];
}

export interface Build {
  readonly input: AttackInput;
  readonly system: System;
  readonly reach: Reach;
  readonly permissions: ReadonlyMap<string, Grants>;
  readonly builder: GraphBuilder;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly pods: ReadonlyMap<string, RawPod>;
  /** By workload id. */
  readonly assets: ReadonlyMap<string, WorkloadAsset>;
  readonly flows: readonly RequiredFlow[];
  /** `from to` of the flows between workloads. */
  readonly clients: ReadonlySet<string>;
  /** Access nodes by workload: ports that something reaches. */
  readonly portNodes: Map<string, number[]>;
  /** Workloads that an attacker can make fetch addresses. */
  readonly forwarders: ReadonlySet<string>;
  /** The worst vulnerabilities of each workload that can be used over a network. */
  readonly exploits: ReadonlyMap<string, readonly (readonly [VulnerabilityInput, Exploit])[]>;
}

export const INTERNET_NODE = 'internet';
export const CLUSTER_NODE = 'cluster';
export const CLOUD_NODE = 'cloud';

export function workloadNode(build: Build, id: string): number {
  return build.builder.node(`workload:${id}`, 'workload', id, { workload: id });
}

export function accessNode(build: Build, id: string, port: number, transport: string): number {
  const name = `${id}:${port}${transport === 'TCP' ? '' : `/${transport.toLowerCase()}`}`;
  const key = `access:${name}`;
  const fresh = !build.builder.has(key);
  const node = build.builder.node(key, 'access', name, { workload: id });
  if (fresh) {
    const present = build.portNodes.get(id);
    if (present) present.push(node);
    else build.portNodes.set(id, [node]);
  }
  return node;
}

/** A node for requests that a workload can be made to send. */
export function forwardNode(build: Build, id: string): number {
  return build.builder.node(`requests:${id}`, 'access', `requests of ${id}`, { workload: id });
}

/** What a crown jewel holds. */
export function assetNode(build: Build, asset: WorkloadAsset): number {
  const { workload: _workload, sign: _sign, ...plain } = asset;
  return build.builder.node(`asset:${asset.holder}`, 'asset', asset.holder, { workload: asset.holder, asset: plain });
}

export function identityNode(build: Build, account: string): number {
  return build.builder.node(`identity:${account}`, 'identity', `service account ${account}`);
}
