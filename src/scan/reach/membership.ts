// Which workloads are in a mesh, and why that is thought: what injects sidecars or captures traffic (Istio), or this platform's own proxy.
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { isHostNetwork } from './endpoints.ts';
import type { Reason } from './face.ts';

export interface Membership {
  readonly kind: 'sidecar' | 'ambient' | 'none';
  /** Says so, or what is assumed. */
  readonly reason: Reason;
  readonly assumed: boolean;
}

const INJECT = 'sidecar.istio.io/inject';
const REVISION = 'istio.io/rev';
const INJECTION = 'istio-injection';
const AMBIENT = 'istio.io/dataplane-mode';

/** Answers for the workloads of one System. */
export class Memberships {
  readonly #namespaces: ReadonlyMap<string, { readonly labels: Readonly<Record<string, string>>; readonly resource?: Resource }>;
  /** What speaks for a mesh when nothing says which workloads are in it; undefined when nothing does. */
  readonly #assumption: Reason | undefined;
  readonly #runs: ReadonlySet<string>;
  readonly #known = new Map<string, Membership>();

  constructor(system: System) {
    const resources = new Map(
      system.resources.flatMap((each) => (each.kind === 'Namespace' ? [[each.metadata.name, each]] : [])),
    );
    this.#namespaces = new Map(
      system.namespaces.map(({ name, labels }) => {
        const resource = resources.get(name);
        return [name, { labels, ...(resource && { resource }) }];
      }),
    );
    this.#runs = new Set(system.runs.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    this.#assumption = assumptionOf(system);
  }

  of(workload: Workload): Membership {
    let found = this.#known.get(workload.id);
    if (!found) {
      found = this.#decide(workload);
      this.#known.set(workload.id, found);
    }
    return found;
  }

  #decide(workload: Workload): Membership {
    const { resource, labels, annotations } = workload;
    const says = (kind: Membership['kind'], text: string, by: Resource | undefined = resource): Membership => {
      return {
        kind,
        assumed: false,
        // Most are only asked for their kind, and a place costs reading the text again.
        get reason() {
          const location = by && originOf(by);
          return { allows: true, text, ...(by && { resource: by }), ...(location && { location }) };
        },
      };
    };
    if (workload.containers.some(({ name }) => name === 'istio-proxy'))
      return says('sidecar', `${workload.id} has the container \`istio-proxy\``);
    if (this.#runs.has(workload.id)) return says('sidecar', `${workload.id} runs behind this platform's proxy`);
    if (isHostNetwork(workload)) return says('none', `${workload.id} uses the host network, where no sidecar is injected`);
    const namespace = this.#namespaces.get(workload.namespace);
    const space = namespace?.labels ?? {};
    if (space[INJECTION] === 'disabled')
      return says('none', `namespace \`${workload.namespace}\` has \`${INJECTION}: disabled\``, namespace?.resource);
    const inject = labels[INJECT] ?? annotations[INJECT];
    if (inject === 'false') return says('none', `${workload.id} has \`${INJECT}: "false"\``);
    if (inject === 'true') return says('sidecar', `${workload.id} has \`${INJECT}: "true"\``);
    if (space[INJECTION] === 'enabled')
      return says('sidecar', `namespace \`${workload.namespace}\` has \`${INJECTION}: enabled\``, namespace?.resource);
    if (space[REVISION] !== undefined)
      return says('sidecar', `namespace \`${workload.namespace}\` has \`${REVISION}: ${space[REVISION]}\``, namespace?.resource);
    if (labels[REVISION] !== undefined) return says('sidecar', `${workload.id} has \`${REVISION}: ${labels[REVISION]}\``);
    const mode = labels[AMBIENT] ?? space[AMBIENT];
    if (mode === 'none') return says('none', `${workload.id} has \`${AMBIENT}: none\``);
    if (mode === 'ambient') return says('ambient', `\`${AMBIENT}: ambient\` takes ${workload.id} in`);
    if (this.#assumption) return { kind: 'sidecar', assumed: true, reason: this.#assumption };
    return says('none', `${workload.id} is in no mesh`);
  }
}

/** Manifests often leave the namespace's labels to the cluster; policies of a mesh would be for nothing without one. */
function assumptionOf(system: System): Reason | undefined {
  const labelled =
    system.namespaces.some(({ labels }) => INJECTION in labels || REVISION in labels || AMBIENT in labels) ||
    system.workloads.some(
      ({ labels, annotations, containers }) =>
        INJECT in labels ||
        INJECT in annotations ||
        REVISION in labels ||
        AMBIENT in labels ||
        containers.some(({ name }) => name === 'istio-proxy'),
    );
  if (labelled) return undefined;
  const platform = system.resources.find(({ kind, apiVersion }) => kind === 'Platform' && apiVersion.startsWith('cullis.dev/'));
  const policy = [...system.authorizationPolicies, ...system.peerAuthentications, ...system.requestAuthentications][0];
  const by = platform ?? policy;
  if (!by) return undefined;
  const location = originOf(by);
  const text = platform
    ? "assumed to run behind this platform's proxy, since the System has a Platform and no injection labels"
    : 'assumed to have a sidecar, since the System has mesh policies and no injection labels';
  return { allows: true, text, resource: by, ...(location && { location }) };
}
