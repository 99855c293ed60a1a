// What is known of vulnerabilities: the database of advisories, and the user's files about exploits.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CullisError, messageOf } from '#base/errors.ts';
import { openAdvisoryIndex } from '#scan/vulnerabilities/index-file.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import { readEpss, readKev } from '#scan/vulnerabilities/priority.ts';
import type { ExploitData } from '#scan/vulnerabilities/priority.ts';
import { openAdvisoryFile } from '#sources/advisories.ts';
import { advisoryPath } from './places.ts';

/**
 * Opens the database of advisories.
 * @param named the file that the user names; without it the usual one, which may be missing
 * @throws CullisError advisories.unreadable
 */
export function openAdvisories(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { readonly database: AdvisoryDatabase; close(): void } | undefined {
  const path = named ?? advisoryPath(env);
  if (path === undefined || (named === undefined && !existsSync(path))) return undefined;
  const file = openAdvisoryFile(path);
  const database = openAdvisoryIndex(file.size, (offset, length) => file.read(offset, length));
  if (database) return { database, close: () => file.close() };
  file.close();
  throw new CullisError('advisories.unreadable', `\`${path}\` is no advisory database of this version`);
}

/** EPSS scores (`.csv`, `.csv.gz`) and CISA's catalogue (`.json`), where the user gives them. @throws CullisError config.unreadable */
export function readExploits(epss: string | undefined, kev: string | undefined): ExploitData {
  const text = (file: string): string => {
    try {
      const bytes = readFileSync(file);
      return (
        bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: 512 * 1024 * 1024 }) : bytes
      ).toString('utf8');
    } catch (error) {
      throw new CullisError('config.unreadable', `\`${file}\` could not be read: ${messageOf(error)}`);
    }
  };
  let catalogue: unknown;
  if (kev !== undefined) {
    try {
      catalogue = JSON.parse(text(kev));
    } catch (error) {
      throw error instanceof CullisError ? error : new CullisError('config.invalid', `\`${kev}\` is not JSON`);
    }
  }
  return { epss: epss === undefined ? new Map() : readEpss(text(epss)), kev: readKev(catalogue) };
}
