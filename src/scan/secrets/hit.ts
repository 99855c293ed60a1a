// One secret that was found. Holds nothing that gives the secret away.
import { createHash, createHmac } from 'node:crypto';
import type { FindingSeverity } from '#model/finding.ts';
import { shannonEntropy } from './entropy.ts';
import type { SecretFamily } from './rule.ts';

export interface SecretHit {
  /** Rule id. */
  readonly rule: string;
  readonly name: string;
  readonly family: SecretFamily;
  readonly severity: FindingSeverity;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** `ghp_… (40 characters)`; no character of a secret that a person made up. */
  readonly preview: string;
  /** Bits a character. */
  readonly entropy: number;
  /** HMAC-SHA-256 of the secret under the caller's key, 32 hex digits: tells equal secrets apart from others, and nothing without the key. */
  readonly fingerprint: string;
  /** The same across runs and moves, hex: over the secret when a machine made it, else over the file and the words before it. */
  readonly stable: string;
  /** How it was written when not plainly: `base64`, `percent, base64`. */
  readonly encoding?: string;
  /** Why it does not count: the comment or ignore entry. */
  readonly suppressed?: string;
}

/** @param secret latin1 */
export function describeSecret(
  secret: string,
  machineMade: boolean,
  context: string,
  key: string,
): Pick<SecretHit, 'preview' | 'entropy' | 'fingerprint' | 'stable'> {
  const length = `${secret.length} characters`;
  const shown = machineMade && secret.length >= 16 ? secret.slice(0, 4).replaceAll(/[^\x21-\x7e]/g, '?') : '';
  return {
    preview: `${shown}\u2026 (${length})`,
    entropy: Math.round(shannonEntropy(secret) * 100) / 100,
    fingerprint: createHmac('sha256', key).update(secret, 'latin1').digest('hex').slice(0, 32),
    // A guessable secret would be found back from a plain hash of it, so that its own characters stay out.
    stable: createHash('sha256')
      .update(JSON.stringify(machineMade ? ['secret', secret] : ['place', context]), 'utf8')
      .digest('hex')
      .slice(0, 16),
  };
}
