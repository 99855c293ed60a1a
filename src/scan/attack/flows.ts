// Flows that somebody declared, and that a fix must therefore keep: calls in environments, routes from outside, annotations.
import { INTERNET } from '../reach/face.ts';
import type { Exposure, Reach } from '../reach/face.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { targetPort } from '#plan/services.ts';
import { isInForce } from '#plan/select.ts';
import { evidenceAt, evidenceIn } from './evidence.ts';
import type { Evidence, RequiredFlow } from './model.ts';
import { NetworkPolicies } from './network-policies.ts';

/** What a workload calls although no variable says so: `shop/cart:7070, db`. On the caller's workload or pods. */
export const CALLS_ANNOTATION = 'cullis.dev/calls';
/** `true` on a Service, Ingress or route: the opening is meant, whatever stands behind it; `false`: it is not. */
export const EXPOSE_ANNOTATION = 'cullis.dev/expose';

const CALLS_MAX = 200;

/** Workloads by the Services that aim at them, each looked up once. */
export class ServiceTargets {
  readonly #system: System;
  readonly #known = new Map<string, readonly Workload[]>();

  constructor(system: System) {
    this.#system = system;
  }

  of(service: Service): readonly Workload[] {
    let found = this.#known.get(service.id);
    if (!found) {
      const { selector } = service;
      found = selector === undefined ? [] : workloadsMatching(this.#system, service.namespace, selector);
      this.#known.set(service.id, found);
    }
    return found;
  }
}

/**
 * Every flow that is declared, whether or not policies let it through today.
 * @param isJewel whether a workload is a crown jewel: a bare Service of type LoadBalancer or a host port in front of one is taken for a mistake, unless
 *   `cullis.dev/expose: "true"` says otherwise
 */
export function requiredFlows(system: System, reach: Reach, isJewel: (workload: string) => boolean): readonly RequiredFlow[] {
  const flows = new Map<string, RequiredFlow>();
  const add = (flow: RequiredFlow): void => {
    const key = `${flow.from} ${flow.to} ${flow.transport} ${flow.port}`;
    if (flow.from !== flow.to && !flows.has(key)) flows.set(key, flow);
  };
  const targets = new ServiceTargets(system);
  const services = new Map(system.services.map((service) => [service.id, service]));
  const workloads = new Map(system.workloads.map((workload) => [workload.id, workload]));
  const toService = (from: Workload, service: Service, port: number | undefined, why: string, evidence: Evidence): void => {
    for (const servicePort of service.ports) {
      if (port !== undefined && servicePort.port !== port) continue;
      for (const target of targets.of(service)) {
        const number = targetPort(target, servicePort);
        if (number === undefined) continue;
        add({
          from: from.id,
          to: target.id,
          port: number,
          transport: servicePort.protocol === 'udp' ? 'UDP' : 'TCP',
          why,
          evidence,
        });
      }
    }
  };
  for (const { from, to, port, variable, path } of system.calls) {
    const [caller, service] = [workloads.get(from), services.get(to)];
    if (!caller || !service) continue;
    const why = `\`${variable}\` names ${service.name}:${port}`;
    toService(caller, service, port, why, evidenceAt(why, caller.resource, path));
  }
  for (const workload of system.workloads) annotatedCalls(workload, services, workloads, toService, add);
  for (const flow of new NetworkPolicies(system).namedCallers(system)) add(flow);
  for (const flow of namedPrincipals(system)) add(flow);
  for (const flow of flowsByName(system, isJewel, new Set([...flows.values()].map(({ to }) => to)))) add(flow);
  for (const exposure of reach.exposures()) {
    if (!isIntended(exposure, isJewel)) continue;
    const { to, port } = exposure;
    const why = exposureText(exposure);
    const [by] = exposure.by;
    add({
      from: INTERNET,
      to,
      port,
      transport: 'TCP',
      why,
      evidence: by
        ? { text: why, resource: by, ...(exposure.location && { location: exposure.location }) }
        : evidenceIn(why, exposure.location),
    });
  }
  return [...flows.values()];
}

/** Whether somebody who writes manifests means this opening. */
export function isIntended(exposure: Exposure, isJewel: (workload: string) => boolean): boolean {
  for (const { metadata } of exposure.by) {
    const word = metadata.annotations[EXPOSE_ANNOTATION];
    if (word !== undefined) return word === 'true';
  }
  if (exposure.through === 'ingress' || exposure.through === 'gateway') return true;
  if (exposure.through === 'host-network') return false;
  return !isJewel(exposure.to);
}

/** `Ingress shop/web (TLS)` */
export function exposureText(exposure: Exposure): string {
  const by = exposure.by[0];
  const who = by
    ? `${by.kind} ${by.metadata.namespace === '' ? '' : `${by.metadata.namespace}/`}${by.metadata.name}`
    : exposure.through;
  const kind = by && by.kind.toLowerCase() === exposure.through ? '' : exposure.through;
  const notes = [kind, exposure.tls ? 'TLS' : ''].filter((note) => note !== '');
  return `${who}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

function annotatedCalls(
  workload: Workload,
  services: ReadonlyMap<string, Service>,
  workloads: ReadonlyMap<string, Workload>,
  toService: (from: Workload, service: Service, port: number | undefined, why: string, evidence: Evidence) => void,
  add: (flow: RequiredFlow) => void,
): void {
  const text = workload.resource.metadata.annotations[CALLS_ANNOTATION] ?? workload.annotations[CALLS_ANNOTATION];
  if (text === undefined) return;
  const why = `\`${CALLS_ANNOTATION}\` says so`;
  const evidence = evidenceAt(why, workload.resource, ['metadata', 'annotations', CALLS_ANNOTATION]);
  for (const part of text.slice(0, 16_384).split(',', CALLS_MAX)) {
    const match = /^\s*(?:([a-z0-9-]{1,63})\/)?([a-z0-9.-]{1,253})(?::(\d{1,5}))?\s*$/.exec(part);
    if (!match) continue;
    const id = `${match[1] ?? workload.namespace}/${match[2]}`;
    const port = match[3] === undefined ? undefined : Number(match[3]);
    const service = services.get(id);
    if (service) toService(workload, service, port, why, evidence);
    const target = workloads.get(id);
    if (!target || service) continue;
    for (const container of target.containers)
      for (const each of container.ports)
        if (port === undefined || each.port === port)
          add({ from: workload.id, to: id, port: each.port, transport: each.transport, why, evidence });
  }
}

const STORE_PART = /^(?:db|database|redis|cache|mongo|mongodb|postgres|postgresql|mysql|mariadb|rabbitmq|memcached)$/;

/** `carts` calls `carts-db`: where nobody is declared as a caller of a store, the workload that it is named after is taken to be one. */
function flowsByName(
  system: System,
  isJewel: (workload: string) => boolean,
  called: ReadonlySet<string>,
): readonly RequiredFlow[] {
  const byName = new Map(system.workloads.map((workload) => [`${workload.namespace}/${workload.name}`, workload]));
  return system.workloads.flatMap((store) => {
    if (called.has(store.id) || !isJewel(store.id)) return [];
    const words = store.name.split('-');
    const rest = words.filter((word) => !STORE_PART.test(word)).join('-');
    if (rest === '' || rest === store.name) return [];
    const caller =
      byName.get(`${store.namespace}/${rest}`) ??
      byName.get(`${store.namespace}/${rest}-service`) ??
      byName.get(`${store.namespace}/${rest}service`);
    if (!caller) return [];
    const why = `${store.name} is named after ${caller.name}`;
    return store.containers.flatMap(({ ports, init }) =>
      init
        ? []
        : ports.map(({ port, transport }): RequiredFlow => ({
            from: caller.id,
            to: store.id,
            port,
            transport,
            why,
            evidence: evidenceAt(why, store.resource, ['metadata', 'name']),
            inferred: true,
          })),
    );
  });
}

/** Targets and callers of a policy that is taken for a declaration; one that speaks of more declares nothing. */
const NAMED_MAX = 20;

/** An ALLOW policy that names a caller's identity declares that it calls. */
function namedPrincipals(system: System): readonly RequiredFlow[] {
  const byIdentity = Map.groupBy(system.workloads, ({ identity }) => identity.replace(/^spiffe:\/\//, ''));
  const flows: RequiredFlow[] = [];
  for (const policy of system.authorizationPolicies) {
    if (policy.spec.action !== 'ALLOW') continue;
    const { rootNamespace } = system.mesh;
    const { selector, targetRefs = [] } = policy.spec;
    const { namespace } = policy.metadata;
    const near = selector && targetRefs.length === 0 && namespace !== rootNamespace;
    const targets = (near ? workloadsMatching(system, namespace, selector.matchLabels) : system.workloads).filter((target) =>
      isInForce(policy, target, rootNamespace),
    );
    if (targets.length === 0 || targets.length > NAMED_MAX) continue;
    const why = `AuthorizationPolicy ${policy.metadata.name} names it`;
    for (const [r, { from, to }] of (policy.spec.rules ?? []).entries())
      for (const [f, { source }] of (from ?? []).entries()) {
        const callers = (source.principals ?? []).flatMap((principal) => byIdentity.get(principal) ?? []);
        const evidence = evidenceAt(why, policy, ['spec', 'rules', r, 'from', f]);
        const ports = new Set((to ?? []).flatMap(({ operation }) => operation.ports ?? []));
        for (const { id } of callers.slice(0, NAMED_MAX))
          for (const target of targets)
            for (const { port, transport } of target.containers.flatMap((container) => (container.init ? [] : container.ports)))
              if (transport === 'TCP' && (ports.size === 0 || ports.has(String(port))))
                flows.push({ from: id, to: target.id, port, transport, why, evidence });
      }
  }
  return flows;
}
