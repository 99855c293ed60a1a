// Vulnerabilities as findings of the scan.
import { findingId } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';
import type { AdvisoryDatabase } from './index-file.ts';
import { vulnerabilitiesOf } from './match.ts';
import type { Vulnerability } from './match.ts';
import type { Package } from './package.ts';
import { NO_EXPLOIT_DATA, priorityOf } from './priority.ts';
import type { ExploitData, Priority, Reachability } from './priority.ts';

export interface VulnerabilityOptions {
  readonly exploits?: ExploitData;
  /** Where a package runs; `unknown` when absent. */
  readonly reachable?: (found: Package) => Reachability;
}

export interface RatedVulnerability extends Vulnerability {
  readonly priority: Priority;
  readonly reach: Reachability;
}

const UNKNOWN: Reachability = { from: 'unknown', onPath: false, workloads: [] };

/** The vulnerabilities of packages, each package once per place. */
export function matchPackages(
  packages: Iterable<Package>,
  database: AdvisoryDatabase,
  options: VulnerabilityOptions = {},
): RatedVulnerability[] {
  const rated: RatedVulnerability[] = [];
  const known = new Map<string, readonly Vulnerability[]>();
  for (const found of packages) {
    const key = `${found.ecosystem}\0${found.purl}\0${found.source?.name ?? ''}\0${found.source?.version ?? ''}`;
    let matches = known.get(key);
    if (!matches) {
      matches = vulnerabilitiesOf(found, database);
      known.set(key, matches);
    }
    if (matches.length === 0) continue;
    const reach = options.reachable?.(found) ?? UNKNOWN;
    for (const match of matches) {
      const vulnerability = { ...match, package: found };
      rated.push({ ...vulnerability, priority: priorityOf(vulnerability, options.exploits ?? NO_EXPLOIT_DATA, reach), reach });
    }
  }
  return rated;
}

/** One finding a vulnerability and package; its id holds no version, so that an update that does not fix it stays the same finding. */
export function vulnerabilityFinding(vulnerability: RatedVulnerability): Finding {
  const { id, ids, package: found, priority, reach, score, fixedIn, cwe } = vulnerability;
  const name = `${found.name} ${found.version}`;
  const malicious = ids.some((each) => each.startsWith('MAL-'));
  const code = malicious ? 'vulnerability.malicious-package' : 'vulnerability.known';
  const sentences = [vulnerability.summary === '' ? `\`${name}\` is affected by ${id}` : `${id}: ${vulnerability.summary}`];
  if (ids.length > 1)
    sentences.push(
      `Also known as ${ids
        .filter((each) => each !== id)
        .slice(0, 5)
        .join(', ')}.`,
    );
  if (score) sentences.push(`CVSS ${score.version} ${score.score.toFixed(1)} (\`${score.vector}\`).`);
  if (priority.reasons.length > 0) sentences.push(`Rated ${priority.severity}: ${priority.reasons.join('; ')}.`);
  if (found.path && found.path.length > 1)
    sentences.push(`It comes in by ${found.path.map((purl) => `\`${shortPurl(purl)}\``).join(' -> ')}.`);
  if (reach.workloads.length > 0) sentences.push(`Runs in ${reach.workloads.slice(0, 5).join(', ')}.`);
  const tags = [
    ...(fixedIn === undefined ? [] : ['fix:available']),
    ...(reach.onPath ? ['reach:path'] : []),
    ...(reach.from === 'unknown' ? [] : [`reach:${reach.from}`]),
    ...(priority.kev ? ['exploited:kev'] : []),
    ...(priority.epss === undefined ? [] : [`epss:${priority.epss.toFixed(3)}`]),
    ...(found.dev === true ? ['scope:dev'] : []),
  ];
  return {
    id: findingId(code, id, found.ecosystem, found.name, found.location.file),
    code,
    severity: priority.severity,
    title: malicious
      ? `\`${name}\` is a malicious package (${id})`
      : `${id} in \`${name}\`${fixedIn === undefined ? '' : `, fixed in ${fixedIn}`}`,
    message: sentences.join(' '),
    location: found.location,
    subject: found.purl,
    ...(cwe.length > 0 && { cwe }),
    ...(tags.length > 0 && { tags }),
    fix: { text: fixText(vulnerability) },
    references: vulnerability.references.length > 0 ? vulnerability.references : [`https://osv.dev/vulnerability/${id}`],
  };
}

function shortPurl(purl: string): string {
  return purl.slice(purl.indexOf('/') + 1);
}

function fixText({ package: found, fixedIn, ids }: RatedVulnerability): string {
  if (ids.some((id) => id.startsWith('MAL-')))
    return `remove \`${found.name}\`, treat the machines that installed it as compromised, and rotate the credentials they held`;
  if (fixedIn === undefined) return `no fixed version is known; remove \`${found.name}\`, or keep what reaches it away by policy`;
  const top = found.path?.[0];
  const way =
    found.direct === false && top !== undefined ? ` (update \`${shortPurl(top)}\`, which brings it in, or override it)` : '';
  return `update \`${found.source?.name ?? found.name}\` to ${fixedIn} or later${way}`;
}

/** Findings of packages, worst first. */
export function vulnerabilityFindings(
  packages: Iterable<Package>,
  database: AdvisoryDatabase,
  options: VulnerabilityOptions = {},
): Finding[] {
  const findings = new Map<string, Finding>();
  for (const vulnerability of matchPackages(packages, database, options)) {
    const finding = vulnerabilityFinding(vulnerability);
    if (!findings.has(finding.id)) findings.set(finding.id, finding);
  }
  return [...findings.values()];
}
