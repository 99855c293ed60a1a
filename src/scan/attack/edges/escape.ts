// ESCAPE_*: from a container to the machine it runs on; NODE_PIVOT: from the machine to the pods that may run there.
import type { Workload } from '#model/system.ts';
import type { Path } from '#model/origin.ts';
import { listAt, memberOf, objectAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import { workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import type { EdgeKind } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';

export interface EscapeWay {
  readonly kind: Extract<EdgeKind, `ESCAPE_${string}`>;
  /** Part of the fact's id, unique in the workload. */
  readonly what: string;
  readonly probability: number;
  readonly text: string;
  /** What has to change. */
  readonly path: Path;
  readonly change: 'privileged' | 'capability' | 'pid' | 'hostPath';
}

const CAPABILITIES: ReadonlyMap<string, string> = new Map([
  ['ALL', 'has every capability'],
  ['SYS_ADMIN', 'may mount what it likes'],
  ['SYS_MODULE', 'may load kernel modules'],
  ['SYS_RAWIO', 'may write to memory and disks directly'],
  ['DAC_READ_SEARCH', 'may open any file of the machine by its handle'],
  ['SYS_BOOT', 'may start another kernel'],
  ['BPF', 'may load programs into the kernel'],
]);
const SOCKET = /(?:docker|containerd|crio|cri-dockerd|podman)\.sock$/;
/** Folders of the machine from which one becomes root there; any path when the mount is the root itself. */
const SENSITIVE =
  /^\/(?:$|(?:etc|root|home|boot|usr|bin|sbin|lib|lib64|proc|sys|dev|run)(?:\/|$)|var\/?$|var\/(?:run|log|lib\/(?:kubelet|docker|containerd|etcd|cni|rancher|k0s))(?:\/|$)|opt\/cni(?:\/|$))/;
const HARMLESS =
  /^\/(?:var\/log\/(?:pods|containers)|var\/lib\/docker\/containers|etc\/(?:localtime|timezone|ssl|machine-id|os-release)|sys\/fs\/cgroup|lib\/modules|dev\/shm|usr\/share)(?:\/|$)/;

/** The ways out of a workload's containers, by what its pod declares. */
export function escapesOf(build: Pick<Build, 'pods'>, workload: Workload): readonly EscapeWay[] {
  const { spec, path, containers } = build.pods.get(workload.id)!;
  const ways: EscapeWay[] = [];
  // Root in the container is nobody on the machine then (Kubernetes, User Namespaces).
  const own = memberOf(spec, 'hostUsers') === false ? P.userNamespace : 1;
  const hostPid = memberOf(spec, 'hostPID') === true;
  let privileged = false;
  let traces = false;
  for (const { raw, name, path: at } of containers) {
    const security = objectAt(raw, 'securityContext');
    const where = [...at, 'securityContext'];
    if (memberOf(security, 'privileged') === true) {
      privileged = true;
      ways.push({
        kind: 'ESCAPE_PRIVILEGED',
        what: `privileged:${name}`,
        probability: P.escapePrivileged * own,
        text: `container \`${name}\` is privileged: it has the machine's devices and every capability`,
        path: [...where, 'privileged'],
        change: 'privileged',
      });
    }
    for (const [i, added] of textsAt(objectAt(security, 'capabilities'), 'add').entries()) {
      const capability = added.toUpperCase().replace(/^CAP_/, '');
      if (capability === 'SYS_PTRACE' || capability === 'ALL') traces = true;
      const means =
        CAPABILITIES.get(capability) ??
        (capability === 'SYS_PTRACE' && hostPid ? 'may take over any process of the machine' : undefined);
      if (means !== undefined)
        ways.push({
          kind: 'ESCAPE_CAPABILITY',
          what: `capability:${name}:${capability}`,
          probability: P.escapeCapability * own,
          text: `container \`${name}\` has \`${added}\`: it ${means}`,
          path: [...where, 'capabilities', 'add', i],
          change: 'capability',
        });
    }
  }
  if (hostPid && (privileged || traces))
    ways.push({
      kind: 'ESCAPE_NAMESPACE',
      what: 'pid',
      probability: P.escapeNamespace,
      text: 'it sees the processes of the machine (`hostPID`) and may enter them',
      path: [...path, 'hostPID'],
      change: 'pid',
    });
  for (const [i, volume] of listAt(spec, 'volumes').entries()) {
    const folder = textAt(objectAt(volume, 'hostPath'), 'path');
    const name = textAt(volume, 'name');
    if (folder === undefined || name === undefined || folder.length > 4096) continue;
    const mounts = containers.flatMap(({ raw }) => listAt(raw, 'volumeMounts').filter((mount) => textAt(mount, 'name') === name));
    if (mounts.length === 0) continue;
    const writable = mounts.some((mount) => memberOf(mount, 'readOnly') !== true);
    const at = [...path, 'volumes', i];
    if (SOCKET.test(folder) || /^\/(?:var\/)?run\/?$/.test(folder)) {
      // A socket can be written to through a read-only mount.
      ways.push({
        kind: 'ESCAPE_SOCKET',
        what: `volume:${name}`,
        probability: P.escapeSocket,
        text: `it has the container runtime's socket (\`${folder}\`), which starts any container on the machine`,
        path: at,
        change: 'hostPath',
      });
    } else if (
      SENSITIVE.test(folder) &&
      !HARMLESS.test(folder) &&
      (writable || /^\/(?:etc\/kubernetes|root|var\/lib\/kubelet)?\/?$/.test(folder))
    ) {
      ways.push({
        kind: 'ESCAPE_HOST_PATH',
        what: `volume:${name}`,
        probability: writable ? P.escapeHostPath : P.escapeHostPathRead,
        text: `it ${writable ? 'writes to' : 'reads'} \`${folder}\` of the machine`,
        path: at,
        change: 'hostPath',
      });
    }
  }
  return ways;
}

interface Placement {
  readonly key: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly nodeName: string | undefined;
}

const placements = (build: Pick<Build, 'pods'>, workload: Workload): Placement => {
  const { spec } = build.pods.get(workload.id)!;
  const selector = recordAt(spec, 'nodeSelector');
  const nodeName = textAt(spec, 'nodeName');
  const pairs = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1));
  return { key: nodeName ?? pairs.map(([key, value]) => `${key}=${value}`).join(','), selector, nodeName };
};

/** Whether pods of two placements may meet on one machine: yes unless a label says otherwise. */
function mayMeet(a: Placement, b: Placement): boolean {
  if (a.nodeName !== undefined && b.nodeName !== undefined) return a.nodeName === b.nodeName;
  for (const key of Object.keys(a.selector))
    if (Object.hasOwn(b.selector, key) && b.selector[key] !== a.selector[key]) return false;
  return true;
}

/** A machine of each kind that workloads ask for, made with its edges when something leads there. */
function nodeOf(build: Build, placement: Placement): number {
  const { builder } = build;
  const id = `node:${placement.key}`;
  const fresh = !builder.has(id);
  const node = builder.node(id, 'node', placement.key === '' ? 'a machine of the cluster' : `a machine with ${placement.key}`);
  if (!fresh) return node;
  for (const workload of build.system.workloads) {
    const other = placements(build, workload);
    if (build.pods.get(workload.id)!.containers.length === 0 || !mayMeet(placement, other)) continue;
    const every = workload.kind === 'DaemonSet' || (placement.nodeName !== undefined && placement.nodeName === other.nodeName);
    builder.edge(node, workloadNode(build, workload.id), {
      kind: 'NODE_PIVOT',
      probability: every ? P.nodePivotEvery : P.nodePivotShared,
      text: every
        ? `enters the pod of ${workload.id} on the same machine`
        : `enters the pod of ${workload.id}, which may run on the same machine`,
      evidence: [
        evidenceAt(`nothing keeps ${workload.id} off that machine`, workload.resource, build.pods.get(workload.id)!.path),
      ],
    });
  }
  return node;
}

/** Every kind of machine that workloads ask for. */
export function nodesOf(build: Build): readonly number[] {
  const known = new Map<string, Placement>();
  for (const workload of build.system.workloads) {
    const placement = placements(build, workload);
    known.set(placement.key, placement);
  }
  return [...known.values()].map((placement) => nodeOf(build, placement));
}

export function escapeEdges(build: Build): void {
  const { builder, system } = build;
  for (const workload of system.workloads) {
    for (const way of escapesOf(build, workload)) {
      const evidence = evidenceAt(way.text, workload.resource, build.pods.get(workload.id)!.at(way.path));
      const fact = builder.fact(`escape:${workload.id}:${way.what}`, `${workload.id}: ${way.text}`, evidence);
      builder.edge(workloadNode(build, workload.id), nodeOf(build, placements(build, workload)), {
        kind: way.kind,
        probability: way.probability,
        text: `breaks out to the machine: ${way.text}`,
        evidence: [evidence],
        facts: [fact],
      });
    }
  }
}
