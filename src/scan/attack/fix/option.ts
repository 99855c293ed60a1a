// What a fix is: the change, what it ends, and what it costs in effort.
import type { FindingEdit } from '#model/finding.ts';
import type { Location, Path } from '#model/origin.ts';
import type { NetworkPolicies } from '../network-policies.ts';
import type { Service, System, Workload } from '#model/system.ts';
import type { BuiltGraph } from '../build.ts';
import type { RequiredFlow } from '../model.ts';
import type { FactId, VulnerabilityInput } from '../model.ts';
import type { LabelledFix } from './problem.ts';

export const FIX_KINDS = [
  'network-policy',
  'authorization-policy',
  'token',
  'role-binding',
  'container',
  'metadata',
  'exposure',
  'password',
  'update',
  'secret',
  'other',
] as const;

export interface FixOption extends LabelledFix {
  /** Stable: `network-policy:shop/db`. */
  readonly id: string;
  readonly kind: (typeof FIX_KINDS)[number];
  /** One line, lower-case, what is done: `let only shop/api call shop/db (NetworkPolicy)`. */
  readonly text: string;
  /** Changes of the files; empty when only a person can make it. */
  readonly edits: readonly FindingEdit[];
  /** For a person: what to do that no edit can. */
  readonly manual?: string;
}

/** How much work and risk a change is, against a new NetworkPolicy. */
export const EFFORTS = {
  networkPolicy: 1,
  narrowPolicy: 1.5,
  authorizationPolicy: 2,
  unknownCallers: 3,
  token: 1,
  bindingOfDefault: 2,
  binding: 4,
  container: 2,
  hostPath: 4,
  metadata: 1,
  exposure: 2,
  password: 5,
  update: 2,
  updateUnknown: 5,
  secret: 3,
  other: 3,
} as const;

/** What the fixes of one graph are made from. */
export interface Ground {
  readonly system: System;
  readonly graph: BuiltGraph;
  /** Declared flows that work today, by target: a fix keeps these, and opens none that policies close. */
  readonly flows: ReadonlyMap<string, readonly RequiredFlow[]>;
  /** Workloads that a flow is declared to, whether or not it works. */
  readonly called: ReadonlySet<string>;
  /** By namespace. */
  readonly services: ReadonlyMap<string, readonly Service[]>;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly policies: NetworkPolicies;
  /** Workloads by namespace. */
  readonly neighbours: ReadonlyMap<string, readonly Workload[]>;
  readonly meshed: boolean;
  readonly vulnerabilities: readonly VulnerabilityInput[];
}

/** A change that only a person can make. */
export function manual(
  id: string,
  kind: FixOption['kind'],
  ends: readonly FactId[],
  effort: number,
  text: string,
  help: string,
): FixOption {
  return { id, kind, ends, effort, text, edits: [], manual: help };
}

/** An edit that writes a value. */
export function set(document: Location, path: Path, value: unknown): FindingEdit {
  return { op: 'set', document, path, value };
}
