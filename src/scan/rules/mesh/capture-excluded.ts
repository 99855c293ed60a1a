// Traffic that is led past the sidecar.
import { parseIpRange } from '#base/ip-set.ts';
import type { Path } from '#model/origin.ts';
import { selected } from '#policy/lint/context.ts';
import type { PodView } from '../../istio/mesh-index.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { isInjected } from '../../istio/injection.ts';
import { ISTIO_SECURITY, meshIndex, TRANSIT_TAGS } from './common.ts';

const PREFIX = 'traffic.sidecar.istio.io/';

export const captureExcluded = {
  id: 'mesh.capture-excluded',
  name: 'Traffic led past the sidecar',
  severity: 'medium',
  cwe: [693, 923],
  why: 'What does not pass the sidecar has no mutual TLS, no policy and no record, although the workload is in the mesh.',
  help: 'take the exclusion away, or hold the port by a NetworkPolicy as well',
  references: [ISTIO_SECURITY, 'https://istio.io/latest/docs/reference/config/annotations/'],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const mesh = meshIndex(context);
    if (!mesh.inUse) return;
    for (const pod of mesh.pods) {
      if (
        pod.supposed ||
        pod.labels['sidecar.istio.io/inject'] === 'false' ||
        pod.annotations['sidecar.istio.io/inject'] === 'false'
      )
        continue;
      yield* inbound(context, pod);
      yield* outbound(pod);
      if (
        pod.annotations['sidecar.istio.io/interceptionMode'] === 'NONE' ||
        pod.annotations['ambient.istio.io/bypass-inbound-capture'] === 'true'
      ) {
        const key =
          pod.annotations['sidecar.istio.io/interceptionMode'] === 'NONE'
            ? 'sidecar.istio.io/interceptionMode'
            : 'ambient.istio.io/bypass-inbound-capture';
        yield {
          title: `no traffic of \`${pod.name}\` is led into its proxy (\`${key}\`)`,
          severity: isInjected(mesh, pod) ? 'high' : 'medium',
          at: { resource: pod.resource, path: annotation(pod, key) },
          detail: key,
        };
      }
    }
  },
} satisfies SystemRule;

function annotation({ base }: PodView, key: string): Path {
  return [...base, 'metadata', 'annotations', key];
}

/** Ports that the workload declares, or that a Service leads to, and that callers reach without the sidecar. */
function* inbound({ lint, system }: ScanContext, pod: PodView): Generator<Hit> {
  const excluded = pod.annotations[`${PREFIX}excludeInboundPorts`];
  const included = pod.annotations[`${PREFIX}includeInboundPorts`];
  if (excluded === undefined && (included === undefined || included === '*')) return;
  const one = lint.workloads.find(({ workload }) => workload.resource === pod.resource);
  if (!one) return;
  const left = (port: number): boolean =>
    portsOf(excluded).includes(port) || (included !== undefined && included !== '*' && !portsOf(included).includes(port));
  // Ports for metrics and health only are what the annotation is made for.
  const ports = one.ports.map(({ port }) => port).filter((port) => left(port) && !isObservability(port));
  if (ports.length === 0) return;
  const key =
    excluded !== undefined && ports.some((port) => portsOf(excluded).includes(port))
      ? 'excludeInboundPorts'
      : 'includeInboundPorts';
  const policed = system.authorizationPolicies.some((policy) => selected(lint, policy).includes(one));
  yield {
    title: `port${ports.length > 1 ? 's' : ''} ${ports.slice(0, 8).join(', ')} of \`${one.id}\` ${ports.length > 1 ? 'are' : 'is'} reached past the sidecar (\`${key}\`)`,
    message: policed
      ? 'AuthorizationPolicies select this workload and do not hold on these ports: whoever reaches the pod calls them in clear and without being asked who it is.'
      : 'Whoever reaches the pod calls these ports in clear and without being asked who it is.',
    severity: policed ? 'high' : 'medium',
    at: { resource: pod.resource, path: annotation(pod, `${PREFIX}${key}`) },
    detail: key,
  };
}

function* outbound(pod: PodView): Generator<Hit> {
  const key = `${PREFIX}excludeOutboundIPRanges`;
  const wide = (pod.annotations[key] ?? '')
    .slice(0, 10_000)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => {
      const range = parseIpRange(text);
      return range && text.includes('/') && range.end - range.start >= 2n ** (range.v4 ? 16n : 64n) - 1n;
    });
  if (wide.length > 0) {
    yield {
      title: `calls of \`${pod.name}\` to ${wide
        .slice(0, 3)
        .map((each) => `\`${each}\``)
        .join(', ')} leave past the sidecar`,
      severity: wide.some((each) => each.endsWith('/0')) ? 'medium' : 'low',
      at: { resource: pod.resource, path: annotation(pod, key) },
      detail: key,
    };
  }
  const included = `${PREFIX}includeOutboundIPRanges`;
  if (pod.annotations[included] === '') {
    yield {
      title: `no call of \`${pod.name}\` is led into its sidecar (\`includeOutboundIPRanges: ""\`)`,
      at: { resource: pod.resource, path: annotation(pod, included) },
      detail: included,
    };
  }
}

function portsOf(text: string | undefined): readonly number[] {
  return (text ?? '')
    .slice(0, 10_000)
    .split(',')
    .map((each) => Number(each.trim()))
    .filter((port) => Number.isInteger(port) && port > 0);
}

/** Ports of Istio's own agent, of Prometheus exporters and of health checks by convention. */
function isObservability(port: number): boolean {
  return port === 15_020 || port === 15_021 || port === 15_090 || port === 9090 || (port >= 9100 && port <= 9199);
}
