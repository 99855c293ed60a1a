// One thing in which two objects of the same name can differ.
import type { Resource } from '#model/resource.ts';
import type { ParityDifference } from './face.ts';
import type { Side } from './side.ts';

export interface Pair {
  readonly a: Resource;
  readonly b: Resource;
  readonly sideA: Side;
  readonly sideB: Side;
  readonly subject: string;
}

export interface Aspect {
  /** Kinds that it looks at. */
  readonly kinds: readonly string[];
  compare(pair: Pair): Iterable<Omit<ParityDifference, 'subject'>>;
}
