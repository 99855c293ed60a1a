// The System, its reachability and what is known of its weaknesses → the attack graph.
import { permissionsOf } from '../rbac/permissions.ts';
import { assetsOf } from './assets.ts';
import { GraphBuilder } from './builder.ts';
import { INTERNET_NODE, workloadNode } from './context.ts';
import type { AttackInput, Build } from './context.ts';
import { cloudEdges, nodeCloudEdges } from './edges/cloud.ts';
import { controlEdges } from './edges/control.ts';
import { Credentials, credentialEdges } from './edges/credentials.ts';
import { escapeEdges } from './edges/escape.ts';
import { exposureEdges, footholdEdges } from './edges/exposure.ts';
import { identityEdges } from './edges/identity.ts';
import { reachEdges } from './edges/reach.ts';
import { forgeEdges, oauthEdges } from './edges/tokens.ts';
import { requiredFlows } from './flows.ts';
import type { RequiredFlow } from './model.ts';
import type { AttackGraph } from './model.ts';
import { rawPod } from './pod.ts';
import { exploitsOf } from './vulnerability.ts';

export interface BuiltGraph extends AttackGraph {
  /** What every fix must keep. */
  readonly flows: readonly RequiredFlow[];
  /** Nodes or edges that did not fit in the bounds; 0 for every real system. */
  readonly left: number;
}

/**
 * Builds the attack graph of a System.
 *
 * Every node is a place where an attacker can stand, every edge a step with its probability, its reason and the places in the manifests that it
 * rests on. Edges whose `facts` are empty are how the system is meant to work; each fact of the others can be ended by a fix.
 * @example buildAttackGraph({ system, reach: reachOf(system) })
 */
export function buildAttackGraph(input: AttackInput): BuiltGraph {
  const { system, reach } = input;
  const assets = new Map(assetsOf(system).map((asset) => [asset.holder, asset]));
  const flows = requiredFlows(system, reach, (id) => assets.has(id));
  const exploits = exploitsOf(system, input.vulnerabilities ?? []);
  const build: Build = {
    input,
    system,
    reach,
    permissions: input.permissions ?? permissionsOf(system),
    builder: new GraphBuilder(),
    workloads: new Map(system.workloads.map((workload) => [workload.id, workload])),
    pods: new Map(system.workloads.map((workload) => [workload.id, rawPod(workload)])),
    assets,
    flows,
    clients: new Set(flows.map(({ from, to }) => `${from} ${to}`)),
    portNodes: new Map(),
    exploits,
    forwarders: new Set([...exploits].flatMap(([id, list]) => (list.some(([, { kind }]) => kind === 'VULN_SSRF') ? [id] : []))),
  };
  build.builder.node(INTERNET_NODE, 'internet', 'the internet');
  for (const { id } of system.workloads) workloadNode(build, id);
  exposureEdges(build);
  reachEdges(build);
  footholdEdges(build);
  const credentials = new Credentials(build);
  credentialEdges(build, credentials);
  identityEdges(build, credentials);
  escapeEdges(build);
  cloudEdges(build);
  controlEdges(build);
  forgeEdges(build);
  oauthEdges(build);
  nodeCloudEdges(build, build.builder.of('node'));
  return { ...build.builder.build(), flows, left: build.builder.left };
}
