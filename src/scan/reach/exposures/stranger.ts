// Whether a proxy that is not in the System gets through the network policies of a pod.
import { hasPort } from '../connections.ts';
import type { Reason, Transport } from '../face.ts';
import type { Kernel } from '../kernel.ts';
import type { CompiledRule, Endpoint } from '../matching.ts';
import { resourceName, reasonOf } from '../reasons.ts';

/**
 * A peer that a rule lets in and that no workload of the System is, may be the proxy: `namespaceSelector: {name: ingress-nginx}` is
 * written for one. Rules for workloads of the System are not.
 */
export function strangerPasses(
  kernel: Kernel,
  target: string,
  transport: Transport,
  port: number,
  name: string,
): { readonly open: boolean; readonly reasons: readonly Reason[] } {
  const subject = kernel.endpoints.findIndex(({ id }) => id === target);
  if (subject < 0 || kernel.endpoints[subject]!.hostNetwork) return { open: true, reasons: [] };
  const { admin, namespace, baseline } = kernel.side('ingress', subject);
  const endpoint = kernel.endpoints[subject]!;
  const applies = (rule: CompiledRule): boolean => hasRulePort(rule, endpoint, transport, port) && mayMean(rule, kernel);
  const certain = admin.find((rule) => hasRulePort(rule, endpoint, transport, port) && isEveryPod(rule));
  if (
    certain?.rule.action === 'deny' &&
    !admin.slice(0, admin.indexOf(certain)).some((rule) => rule.rule.action !== 'deny' && applies(rule))
  )
    return { open: false, reasons: [] };
  if (admin.some((rule) => rule.rule.action === 'allow' && applies(rule))) return { open: true, reasons: [] };
  if (namespace) {
    const rule = namespace.find(applies);
    if (!rule) return { open: false, reasons: [] };
    const { resource } = rule.policy;
    const text =
      rule.matches === undefined
        ? `${resourceName(resource)} lets everyone in`
        : `${resourceName(resource)} lets in who is not in the System: taken to be ${name}`;
    return { open: true, reasons: [reasonOf(true, text, resource, rule.rule.path)] };
  }
  const closing = baseline.find((rule) => hasRulePort(rule, endpoint, transport, port) && (isEveryPod(rule) || applies(rule)));
  return { open: closing?.rule.action !== 'deny', reasons: [] };
}

function hasRulePort({ ports }: CompiledRule, endpoint: Endpoint, transport: Transport, port: number): boolean {
  if (hasPort(ports.fixed, transport, port)) return true;
  return ports.named.some((named) =>
    endpoint.ports.some(
      (each) =>
        each.name === named.name &&
        each.port === port &&
        each.transport === transport &&
        (named.transport ?? transport) === transport,
    ),
  );
}

/** All pods of all namespaces. */
function isEveryPod({ rule }: CompiledRule): boolean {
  if (rule.peers === 'any') return true;
  return rule.peers.some(
    (peer) =>
      peer.kind === 'pods' &&
      peer.namespaces !== 'own' &&
      peer.namespaces.requirements.length === 0 &&
      peer.pods.requirements.length === 0,
  );
}

function mayMean(rule: CompiledRule, { endpoints }: Kernel): boolean {
  if (isEveryPod(rule)) return true;
  const { peers } = rule.rule;
  if (peers === 'any') return true;
  if (peers.some((peer) => peer.kind === 'block')) return true;
  // The rule as a whole speaks of nobody here, or one of its peers might.
  return peers.length > 0 && (rule.matches === undefined || !endpoints.some((_, i) => rule.matches![i] === 1));
}
