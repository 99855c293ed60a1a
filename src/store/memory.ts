import { assert } from '#base/assert.ts';
import type { Kv } from '#model/ports.ts';
import { checkKey, sameBytes } from './keys.ts';

/** Key-value state that lives as long as the process; for tests, with the same behaviour as the durable ones. */
export function openMemory(): Kv {
  let values = new Map<string, Uint8Array>();
  return {
    get(key) {
      checkKey(key);
      return values.get(key)?.slice();
    },
    put(key, value, expected) {
      checkKey(key);
      if (expected !== null && !sameBytes(values.get(key), expected)) return false;
      values.set(key, value.slice());
      return true;
    },
    delete(key) {
      checkKey(key);
      values.delete(key);
    },
    list(prefix) {
      // Code point order, as SQLite sorts UTF-8.
      return [...values.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    },
    transaction(work) {
      const before = new Map(values);
      try {
        const result = work();
        assert(!(result instanceof Promise), 'a transaction must not wait');
        return result;
      } catch (error) {
        values = before;
        throw error;
      }
    },
    close() {
      values.clear();
    },
  };
}
