import { createHash } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { KeyWrap } from '#model/ports.ts';

/** A KeyWrap that binds key and context as a real one does, with a cipher that is only good enough for tests. */
export function fakeKeyWrap(secret = 'secret', name = 'fake'): KeyWrap {
  const pad = (context: string, size: number): Buffer =>
    createHash('shake256', { outputLength: size }).update(`${secret}\n${context}`).digest();
  const check = (plain: Uint8Array, context: string): Buffer =>
    createHash('sha256').update(plain).update(`${secret}\n${context}`).digest();
  return {
    name,
    wrap: (plain, context) =>
      Promise.resolve(Buffer.concat([plain.map((byte, i) => byte ^ pad(context, plain.length)[i]!), check(plain, context)])),
    unwrap: (wrapped, context) => {
      const body = wrapped.subarray(0, Math.max(0, wrapped.length - 32));
      const plain = body.map((byte, i) => byte ^ pad(context, body.length)[i]!);
      if (!check(plain, context).equals(wrapped.subarray(body.length)))
        return Promise.reject(new CullisError('key.unavailable', 'the key is wrong'));
      return Promise.resolve(plain);
    },
  };
}
