// One secret that two rules tell of, by the text of its file and by what it is in the System, is one finding.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';

export interface Told {
  readonly finding: Finding;
  /** What says the same of the same place, and is left out. */
  readonly also: readonly Finding[];
}

/** Rules that know what a secret is part of: they name the object, and the fix for it. */
const BY_OBJECT =
  /^(?:secrets-config\.|oauth\.secret-in-document$|api\.example-secret$|dockerfile\.secret-|image\.(?:env|history)-secret$)/;
/** Rules over text that know nothing but that there is a secret. */
const BY_NAME_ALONE = /^secrets\.(?:generic-|kubernetes-secret-yaml$|curl-)/;
const BY_TEXT = /^secrets\./;

/**
 * Lays findings over one secret together. The object's finding is kept where the text's rule knows no more than that it is a secret,
 * else the text's, which names whose it is; the worse of both severities stays.
 */
export function mergeTwins(findings: readonly Finding[]): readonly Told[] {
  const texts = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (!BY_TEXT.test(finding.code)) continue;
    for (const place of placesOf(finding)) {
      const known = texts.get(place);
      if (known) known.push(finding);
      else texts.set(place, [finding]);
    }
  }
  if (texts.size === 0) return findings.map((finding) => ({ finding, also: [] }));
  const gone = new Set<Finding>();
  const kept = new Map<Finding, Told>();
  for (const finding of findings) {
    if (!BY_OBJECT.test(finding.code)) continue;
    const twins = new Set(placesOf(finding).flatMap((place) => texts.get(place) ?? []));
    const named = [...twins].find(({ code }) => !BY_NAME_ALONE.test(code));
    const also = named ? [finding] : [...twins];
    const winner = named ?? finding;
    if (also.length === 0) continue;
    const known = kept.get(winner)?.also ?? [];
    kept.set(winner, { finding: { ...winner, severity: worst([winner, ...also, ...known]) }, also: [...known, ...also] });
    for (const twin of also) gone.add(twin);
  }
  return findings.flatMap((finding) => (gone.has(finding) ? [] : [kept.get(finding) ?? { finding, also: [] }]));
}

function placesOf({ code, location, related }: Finding): string[] {
  // Further places of other rules are evidence, not the secret itself.
  const more = code === 'secrets-config.committed' ? (related ?? []).map((one) => one.location) : [];
  return [...(location ? [location] : []), ...more].map(({ file, line }) => `${file}\n${line}`);
}

function worst(findings: readonly Finding[]): Finding['severity'] {
  const severities = new Set(findings.map(({ severity }) => severity));
  return FINDING_SEVERITIES.find((severity) => severities.has(severity)) ?? 'info';
}
