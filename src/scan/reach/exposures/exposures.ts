// Ways in from outside: every opening, asked whether network and mesh let it lead to the pod.
import type { Resource } from '#model/resource.ts';
import { originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import type { Interval } from '../address.ts';
import { intervalsOf, PUBLIC } from '../address.ts';
import { INTERNET } from '../face.ts';
import type { Exposure, Reach, Reason } from '../face.ts';
import type { Kernel } from '../kernel.ts';
import type { Mesh, MeshAnswer, MeshCaller } from '../mesh.ts';
import { isCompose } from '../compose.ts';
import { reasonOf } from '../reasons.ts';
import { composeDrafts } from './compose.ts';
import type { ExposureDraft } from './drafts.ts';
import { INTERNAL_SOURCES } from './drafts.ts';
import { gatewayDrafts } from './gateway-api.ts';
import { ingressDrafts } from './ingress.ts';
import { istioDrafts } from './istio.ts';
import { podDrafts, serviceDrafts } from './services.ts';
import { strangerPasses } from './stranger.ts';

interface Asked extends Reach {
  readonly system: System;
  readonly kernel: Kernel;
  readonly mesh: Mesh;
}

/** Openings that lead to a pod; those that a policy closes for certain are left out. */
export function exposuresOf(reach: Asked): readonly Exposure[] {
  const { system, mesh } = reach;
  const direct = [...serviceDrafts(system), ...podDrafts(system), ...composeDrafts(system)];
  const ingress = ingressDrafts(system, direct);
  const gateways = [...gatewayDrafts(system, mesh.judge), ...istioDrafts(system, mesh.judge, [...direct, ...ingress])];
  const foreign = foreignPrincipals(system);
  return united([...direct, ...ingress, ...gateways]).flatMap((draft) => finish(draft, reach, foreign) ?? []);
}

/** Routes of one opening to one port become one exposure, with all their hosts and paths. */
function united(drafts: readonly ExposureDraft[]): readonly ExposureDraft[] {
  const ids = new Map<Resource, number>();
  const idOf = (resource: Resource): number => {
    const id = ids.get(resource) ?? ids.size;
    ids.set(resource, id);
    return id;
  };
  const found = new Map<
    string,
    { first: ExposureDraft; hosts: Set<string>; paths: Set<string>; anyHost: boolean; anyPath: boolean }
  >();
  for (const draft of drafts) {
    const { target, port, transport, service, through, tls, by, edgeAuthenticates, sender } = draft;
    const proxy = sender.kind === 'proxy' ? (sender.workload?.id ?? sender.name) : sender.kind;
    const key = [
      target.id,
      transport,
      port,
      service?.id,
      service?.port,
      through,
      tls,
      edgeAuthenticates,
      proxy,
      ...by.map(idOf),
    ].join(' ');
    const present = found.get(key) ?? { first: draft, hosts: new Set(), paths: new Set(), anyHost: false, anyPath: false };
    found.set(key, present);
    for (const host of draft.hosts) present.hosts.add(host);
    for (const path of draft.paths) present.paths.add(path);
    if (draft.hosts.length === 0) present.anyHost = true;
    if (draft.paths.length === 0) present.anyPath = true;
  }
  return [...found.values()].map(({ first, hosts, paths, anyHost, anyPath }) => ({
    ...first,
    hosts: anyHost ? [] : [...hosts],
    paths: anyPath ? [] : [...paths],
  }));
}

function finish(draft: ExposureDraft, reach: Asked, foreign: readonly string[]): Exposure | undefined {
  const network = networkOf(draft, reach);
  if (!network.open) return undefined;
  const mesh = bestAnswer(draft, reach, foreign);
  if (mesh.withToken.requests === 'none') return undefined;
  const location = originOf(draft.by[0]!, draft.path) ?? originOf(draft.by[0]!);
  const policyDemands = mesh.anonymous.requests === 'none' || (mesh.anonymous.external && mesh.anonymous.requests !== 'all');
  return {
    to: draft.target.id,
    port: draft.port,
    ...(draft.transport !== 'TCP' && { transport: draft.transport }),
    ...(draft.service && { service: draft.service }),
    through: draft.through,
    by: draft.by,
    ...(location && { location }),
    hosts: draft.hosts,
    paths: draft.paths,
    tls: draft.tls,
    sources: draft.sources,
    authenticated: draft.edgeAuthenticates || policyDemands,
    reasons: [...draft.edge, ...network.reasons, ...mesh.withToken.reasons],
  };
}

function networkOf(draft: ExposureDraft, reach: Asked): { readonly open: boolean; readonly reasons: readonly Reason[] } {
  const { target, port, transport, sender, sources } = draft;
  if (isCompose(target) || draft.through === 'host-network') return { open: true, reasons: [] };
  const asks = (from: string): ReturnType<Reach['explain']> => reach.explain(from, target.id, port, transport);
  const onNetwork = ({ reasons }: ReturnType<Reach['explain']>): readonly Reason[] =>
    reasons.filter(({ resource }) => resource?.kind.includes('NetworkPolicy') === true);
  if (sender.kind === 'proxy') {
    if (sender.workload) {
      const answer = asks(sender.workload.id);
      return { open: answer.network, reasons: onNetwork(answer) };
    }
    return strangerPasses(reach.kernel, target.id, transport, port, sender.name);
  }
  const clients = sources.length > 0 ? sources : [INTERNET];
  // Packets that nodes forward carry a node's address.
  const from = sender.kind === 'node' ? [...clients, ...INTERNAL_SOURCES] : clients;
  for (const peer of from) {
    const answer = asks(peer);
    if (answer.network) return { open: true, reasons: onNetwork(answer) };
  }
  return { open: false, reasons: [] };
}

interface Answers {
  readonly anonymous: MeshAnswer;
  readonly withToken: MeshAnswer;
}

const RANK = { none: 0, some: 1, all: 2 } as const;

/** A proxy that is not in the System may prove an identity that only policies know; the one that gets furthest is taken. */
function bestAnswer(
  { target, port, transport, sender, sources }: ExposureDraft,
  { mesh }: Asked,
  foreign: readonly string[],
): Answers {
  const addresses: readonly Interval[] = sender.kind === 'client' ? (sources.length > 0 ? intervalsOf(sources) : PUBLIC) : [];
  const ask = (caller: Omit<MeshCaller, 'addresses' | 'token'>): Answers => ({
    anonymous: mesh.answer({ ...caller, addresses, token: 'none' }, target, port, transport),
    withToken: mesh.answer({ ...caller, addresses, token: 'any' }, target, port, transport),
  });
  if (sender.kind !== 'proxy') return ask({});
  if (sender.workload) return ask({ workload: sender.workload });
  const candidates = [sender.identity, undefined, ...foreign].map((identity) => ask(identity === undefined ? {} : { identity }));
  const best = candidates.toSorted((a, b) => RANK[b.withToken.requests] - RANK[a.withToken.requests])[0]!;
  if (best.withToken.requests !== 'none' || best.withToken.link !== 'refused') return best;
  const reason = reasonOf(true, `${sender.name} is not in the System and is taken to speak mutual TLS`);
  const assumed: MeshAnswer = { link: 'mtls', requests: 'some', reasons: [reason], external: false };
  return { anonymous: assumed, withToken: assumed };
}

const PRINCIPALS_MAX = 20;

/** Identities that policies let in and that no workload of the System has, by names that gateways have. */
function foreignPrincipals(system: System): readonly string[] {
  const own = new Set(system.workloads.map(({ identity }) => identity));
  const found = new Set<string>();
  for (const { spec } of system.authorizationPolicies) {
    for (const { from } of spec.rules ?? []) {
      for (const principal of (from ?? []).flatMap(({ source }) => source.principals ?? [])) {
        const identity = `spiffe://${principal}`;
        if (!principal.includes('*') && /ingress|gateway|nginx|traefik|haproxy/i.test(principal) && !own.has(identity))
          found.add(identity);
      }
    }
  }
  return [...found].slice(0, PRINCIPALS_MAX);
}
