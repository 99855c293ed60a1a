import { addressGuard, ownMachine } from './addresses.ts';

/**
 * Which addresses a name outside the mesh may resolve to: public ones, and private ones in the given ranges. Loopback, link-local and metadata addresses are
 * never among them, whatever the ranges say: only a ServiceEntry that names the address itself leads there.
 * @throws CullisError config.invalid for a range that is none
 */
export function outsideGuard(privateRanges: readonly string[]): (host: string, address: string, port: number) => boolean {
  const guard = addressGuard(privateRanges);
  return (host, address, port) => !ownMachine(address) && guard.allows(host, address, port);
}
