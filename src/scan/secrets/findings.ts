// Hits as findings: how bad, what to do first, how old.
import { findingId } from '#model/finding.ts';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import type { SecretHit } from './hit.ts';
import type { SecretFamily } from './rule.ts';

/** Where a secret was found in history. */
export interface SecretAge {
  /** Commit id that brought it in, and when its author wrote it (milliseconds since 1970). */
  readonly commit: string;
  readonly when: number;
  /** Still in the present tree. */
  readonly present: boolean;
}

export interface SecretFindingOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By fingerprint. */
  readonly ages?: ReadonlyMap<string, SecretAge>;
  readonly oldDays?: number;
}

const DAY_MS = 86_400_000;
/** Secrets are to be changed at least this often. */
export const SECRET_AGE_DAYS_MAX = 30;
const TEST_PATH =
  /(?:^|[/\\])(?:tests?|__tests__|spec|specs|testdata|fixtures?|mocks?|examples?|samples?|demos?)[/\\]|[._-](?:test|spec)\.\w{1,6}$|_test\.\w{1,6}$|(?:^|[/\\])(?:test_|conftest)\w{0,60}\.py$/i;
const LOWER: Readonly<Record<FindingSeverity, FindingSeverity>> = {
  critical: 'medium',
  high: 'medium',
  medium: 'low',
  low: 'info',
  info: 'info',
};

const WHERE: Readonly<Record<SecretFamily, string>> = {
  cloud: 'whoever reads this file can act in the cloud account that it belongs to',
  code: 'whoever reads this file can read or change code and packages in its name',
  ci: 'whoever reads this file can act in the build or planning system that it belongs to',
  ai: 'whoever reads this file can use the account, at its owner’s cost and with its data',
  payment: 'whoever reads this file can reach payments and customers’ data',
  messaging: 'whoever reads this file can send and often read messages in the owner’s name',
  data: 'whoever reads this file can log in to the system that it belongs to',
  identity: 'whoever reads this file can act as the identity that it belongs to',
  service: 'whoever reads this file can act in the service that it belongs to',
  key: 'whoever reads this file can decrypt, sign or log in as the holder of this key',
  generic: 'the name says that this is a secret, and the value looks like one',
};

/** One finding for each hit; suppressed ones are left out. Ids stay when lines move. */
export function secretFindings(hits: readonly SecretHit[], options: SecretFindingOptions): Finding[] {
  const seen = new Map<string, number>();
  return hits
    .filter((hit) => hit.suppressed === undefined)
    .map((hit) => {
      const about = `${hit.rule}\0${hit.file}\0${hit.stable}`;
      const count = seen.get(about) ?? 0;
      seen.set(about, count + 1);
      return finding(hit, options, count);
    });
}

function finding(hit: SecretHit, options: SecretFindingOptions, nth: number): Finding {
  const age = options.ages?.get(hit.fingerprint);
  const days = age ? Math.floor((options.now - age.when) / DAY_MS) : undefined;
  const isOld = days !== undefined && days > (options.oldDays ?? SECRET_AGE_DAYS_MAX);
  const inTest = TEST_PATH.test(hit.file);
  const history = age
    ? ` it came with commit \`${age.commit.slice(0, 12)}\` ${days} days ago${age.present ? '' : ' and has been removed since, but history still holds it'};`
    : '';
  const encoded = hit.encoding === undefined ? '' : ` (written in ${hit.encoding})`;
  const tags = [
    'pci-dss:8.6.2',
    'soc2:CC6.1',
    ...(isOld ? ['secret-age'] : []),
    ...(inTest ? ['test-code'] : []),
    ...(age && !age.present ? ['history-only'] : []),
  ];
  return {
    id: findingId(`secrets.${hit.rule}`, hit.file, hit.stable, ...(nth > 0 ? [String(nth)] : [])),
    code: `secrets.${hit.rule}`,
    severity: inTest ? LOWER[hit.severity] : hit.severity,
    title: `${hit.name} in \`${hit.file}\`: ${hit.preview}${encoded}`,
    message: `${WHERE[hit.family]};${history} copies of the file, its history and its images keep it readable even after it is deleted${isOld ? `; it is older than ${options.oldDays ?? SECRET_AGE_DAYS_MAX} days` : ''}${inTest ? '; it stands in test code, so that it may be made up' : ''}`,
    location: { file: hit.file, line: hit.line, column: hit.column },
    subject: hit.file,
    cwe: hit.family === 'generic' || hit.family === 'data' ? [798, 312] : [798, 540],
    tags,
    fix: { text: fixOf(hit) },
    references: [
      'https://cwe.mitre.org/data/definitions/798.html',
      'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
    ],
  };
}

const REVOKE: Readonly<Partial<Record<SecretFamily, string>>> = {
  cloud:
    'make a new credential in the cloud account, deploy it, then deactivate and delete this one and read the audit log for its use',
  code: 'revoke the token at its issuer, make a new one with the smallest scope and an expiry, and read the audit log for its use',
  key: 'make a new key pair, replace the public half (and certificates) wherever it is trusted, revoke the old certificate',
  data: 'set a new password in the system it opens, deploy it, then end sessions that use the old one',
};

function fixOf(hit: SecretHit): string {
  const first = REVOKE[hit.family] ?? 'revoke it at its issuer and make a new one';
  return `rotate first: ${first}; then take it out of the file and read it at run time from the vault or the environment; last, if it must not stay readable, rewrite history (\`git filter-repo\`) and rebuild images; if it is none, put \`cullis:ignore secrets.${hit.rule} REASON\` on the line`;
}
