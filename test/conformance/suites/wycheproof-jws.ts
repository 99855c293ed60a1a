// Project Wycheproof's JSON Web Signatures: every invalid one must be rejected, the valid ones accepted, the algorithm pinned to the key's own.
import { join } from 'node:path';
import { readJwk } from '#pki/jwk.ts';
import { readJws, verifyJws } from '#pki/jws.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  id: string;
  comment: string;
  jws: string;
  key: Record<string, unknown>;
  result: 'valid' | 'invalid';
  /** False for two rows whose bytes equal a row of the opposite answer. */
  scored?: boolean;
  /** Why a strict reader may refuse this valid row. */
  strictMayReject?: string;
}

function accepts(row: Row): boolean {
  const key = readJwk(row.key, true);
  const read = readJws(row.jws, 64 * 1024);
  return key.ok && read.ok && verifyJws(read.jws, [key.key]);
}

export const suite = {
  name: 'wycheproof-jws',
  needs: 'dataplane/wycheproof-jws.jsonl',
  run({ dir }): Promise<RowResult[]> {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/wycheproof-jws.jsonl'));
    return Promise.resolve(
      rows
        .filter((row) => row.scored !== false)
        .map((row) => {
          const accepted = accepts(row);
          const pass = accepted === (row.result === 'valid') || (!accepted && row.strictMayReject !== undefined);
          return pass ? { id: row.id, pass } : { id: row.id, pass, why: `${row.comment}: ${accepted ? 'accepted' : 'rejected'}` };
        }),
    );
  },
} satisfies Suite;
