import { CullisError } from '#base/errors.ts';
import { didYouMean } from '#base/nearest.ts';
import type { ControlClient } from '../client.ts';
import { findIdentity } from './find-identity.ts';
import { shortIdentity } from '../view/status.ts';

/**
 * The SPIFFE id that somebody means: itself, or the one identity that a short name fits.
 * @throws CullisError config.invalid when none or more than one does
 */
export async function identityNamed(client: ControlClient, name: string): Promise<string> {
  if (name.startsWith('spiffe://')) return name;
  const answer = await client.call('identities');
  const all = answer?.identities ?? [];
  const found = findIdentity(all, name);
  if (found.length === 1) return found[0]!.identity;
  if (found.length > 1)
    throw new CullisError('config.invalid', `\`${name}\` could be ${found.map((one) => one.identity).join(' or ')}`);
  const help = didYouMean(
    name,
    all.map((one) => shortIdentity(one.identity)),
  );
  throw new CullisError('config.invalid', `no identity \`${name}\`${help === undefined ? '' : `; ${help}`}`);
}
