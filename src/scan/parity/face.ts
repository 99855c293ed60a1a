// What a comparison of two variants of one system says (`cullis parity staging production`).
import type { Location, Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';

/** `expected` is what environments differ in by their nature: hosts, replicas, resources, and what an annotation allows. */
export type ParityClass = 'security' | 'image' | 'config' | 'expected';

export interface ParityPlace {
  readonly resource: Resource;
  readonly path: Path;
  readonly location?: Location;
  /** What stands there, never a secret's value: `runAsNonRoot: true`. */
  readonly shows: string;
}

export interface ParityDifference {
  readonly class: ParityClass;
  /** What it is about, stable: `pod`, `image`, `network-policy`, `env`, `service`, `ingress`, `rbac`, `namespace`, `account`, `replicas`, … */
  readonly aspect: string;
  /** `Deployment cart`, without the environment. */
  readonly subject: string;
  /** One line, lower-case, with A and B by their labels. */
  readonly text: string;
  /** The side that is less protected, or behind; undefined when that cannot be told. */
  readonly weaker?: 'a' | 'b';
  /** False for what only hardens. */
  readonly grave?: boolean;
  /** Undefined where the thing is missing on that side. */
  readonly a?: ParityPlace;
  readonly b?: ParityPlace;
}

export interface ParityResult {
  /** How the sides are called: `staging`, `production`. */
  readonly a: string;
  readonly b: string;
  /** Objects that both have. */
  readonly compared: number;
  /** Objects of each side. */
  readonly objects: readonly [a: number, b: number];
  readonly differences: readonly ParityDifference[];
}

export interface ParityOptions {
  /** How the sides are called; `A` and `B` when nothing is said. */
  readonly labels?: readonly [a: string, b: string];
  /** Aspects (or `kind/name`) whose differences count as expected. */
  readonly expected?: readonly string[];
}

/** On an object of either side: aspects that may differ, `image,env`, or `*`. */
export const EXPECTED_ANNOTATION = 'cullis.dev/parity-expected';
