// The parts of Istio Gateways that several analyzers read.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { numberAt, objectAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import { itemsAt } from './items.ts';

export interface GatewayServer {
  readonly gateway: Resource;
  readonly path: Path;
  readonly port: number | undefined;
  readonly protocol: string;
  /** As written: `host`, `namespace/host`, `./host`, `*` before the slash for all. */
  readonly hosts: readonly string[];
  readonly tls: unknown;
}

export function serversOf(gateway: Resource): readonly GatewayServer[] {
  return itemsAt(gateway.spec, 'servers', ['spec']).map(({ raw, path }) => ({
    gateway,
    path,
    port: numberAt(objectAt(raw, 'port'), 'number'),
    protocol: (textAt(objectAt(raw, 'port'), 'protocol') ?? '').toUpperCase(),
    hosts: textsAt(raw, 'hosts'),
    tls: objectAt(raw, 'tls'),
  }));
}

export function selectorOf(gateway: Resource): Readonly<Record<string, string>> {
  return recordAt(gateway.spec, 'selector');
}

/** Namespace and name of a server's host; the namespace is `*` where none is written. */
export function splitHost(host: string, gatewayNamespace: string): { readonly namespace: string; readonly name: string } {
  const slash = host.indexOf('/');
  if (slash === -1) return { namespace: '*', name: host };
  const namespace = host.slice(0, slash);
  return { namespace: namespace === '.' ? gatewayNamespace : namespace, name: host.slice(slash + 1) };
}
