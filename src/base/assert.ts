/** A bug, not a condition of the world: crosses every border untouched and becomes an opaque 500 with a reference. */
export class AssertionBug extends Error {
  override name = 'AssertionBug';
}

/** @throws AssertionBug when `condition` is false */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionBug(message);
}

/** The `never` at the end of a switch: a new variant without a row is a compile error, and at run time a bug. */
export function unreachable(value: never): never {
  throw new AssertionBug(`unhandled variant ${JSON.stringify(value)}`);
}
