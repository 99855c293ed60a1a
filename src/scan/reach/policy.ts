// Network policies of all kinds in one form: who is subject, and rules in order.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Interval } from './address.ts';
import type { Transport } from './face.ts';
import type { Selector } from './selector.ts';

export type Direction = 'ingress' | 'egress';

/** Whom a rule speaks of. */
export type Peer =
  | {
      readonly kind: 'pods';
      /** `own`: the namespace that the policy lives in. */
      readonly namespaces: Selector | 'own';
      readonly pods: Selector;
    }
  | { readonly kind: 'block'; readonly ranges: readonly Interval[]; readonly text: string }
  /** Nodes by label, names by DNS: known as peers, their addresses are not in the System. */
  | { readonly kind: 'nodes'; readonly nodes: Selector }
  | { readonly kind: 'names'; readonly names: readonly string[] };

export type PortSpec =
  | { readonly transport: Transport; readonly first: number; readonly last: number }
  /** A container port by name; AdminNetworkPolicy names none with a transport. */
  | { readonly name: string; readonly transport?: Transport };

export interface PolicyRule {
  readonly action: 'allow' | 'deny' | 'pass';
  readonly peers: readonly Peer[] | 'any';
  readonly ports: readonly PortSpec[] | 'any';
  /** Where it stands in the resource. */
  readonly path: Path;
}

export interface Policy {
  readonly resource: Resource;
  /** `admin` decides before, `baseline` after what NetworkPolicies (`namespace`) say. */
  readonly tier: 'admin' | 'namespace' | 'baseline';
  /** Lower comes first, within admin and baseline. */
  readonly priority: number;
  readonly subject: { readonly namespaces: Selector | 'own'; readonly pods: Selector };
  /** Undefined: says nothing about this direction. Empty in tier `namespace`: isolates, and allows nothing. */
  readonly ingress: readonly PolicyRule[] | undefined;
  readonly egress: readonly PolicyRule[] | undefined;
}
