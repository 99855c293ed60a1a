// What a rule of the scan is: facts about the weakness, and a check that yields the places where it stands.
import { findingId } from '#model/finding.ts';
import type { Finding, FindingEdit, FindingSeverity } from '#model/finding.ts';
import { formatPath, originOf } from '#model/origin.ts';
import type { Location, Path } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { LintContext } from '#policy/lint/context.ts';
import type { Reach } from './reach/face.ts';

/** What is true of every finding of one rule. */
export interface RuleInfo {
  /** `area.weakness`, stable for ever: `network.cidr-too-wide`. */
  readonly id: string;
  /** The weakness in a few words, as a heading: `CIDR range wider than what it means`. */
  readonly name: string;
  /** Of a hit that does not say its own. */
  readonly severity: FindingSeverity;
  /** CWE numbers. */
  readonly cwe: readonly number[];
  /** Why it matters: what an attacker does with it. Sentences. */
  readonly why: string;
  /** What to do about it, in general. */
  readonly help: string;
  /** URLs or names of standards. */
  readonly references: readonly string[];
  /** Controls of catalogues (`Finding.tags`). */
  readonly tags: readonly string[];
}

/** One place where a weakness stands. */
export interface Hit {
  /** One line, lower-case, no full stop, the user's words in backticks. Never a secret's value. */
  readonly title: string;
  /** Why it matters here, when the rule's own `why` is too general. */
  readonly message?: string;
  readonly severity?: FindingSeverity;
  /** A part of a resource, or a place in a file that is none. */
  readonly at: { readonly resource: Resource; readonly path?: Path } | { readonly location: Location; readonly subject: string };
  /** Tells two hits of one rule at one place apart; part of the stable id. */
  readonly detail?: string;
  /**
   * Of what holds of a whole that no document declares and only has to stand somewhere: its name, in place of the resource's
   * (`Namespace /shop`). The id then rests on it, so that another first document changes nothing.
   */
  readonly about?: string;
  readonly related?: Finding['related'];
  readonly fix?: { readonly text: string; readonly yaml?: string; readonly edits?: readonly FindingEdit[] };
  readonly tags?: readonly string[];
}

/** What rules over the whole System see. */
export interface ScanContext {
  readonly system: System;
  /** Each workload with its ports and the policies in force there. */
  readonly lint: LintContext;
  /** Who reaches whom; computed when first asked for. */
  readonly reach: () => Reach;
  /** Milliseconds since 1970, for what depends on dates. */
  readonly now: number;
  /** When the value of a Secret last changed in the history of its file, by resource id (`Secret shop/db`); milliseconds since 1970. */
  readonly secretAges?: ReadonlyMap<string, number>;
}

/** A rule over the whole System. */
export interface SystemRule extends RuleInfo {
  check(context: ScanContext): Iterable<Hit>;
}

/** A rule over one file or document of a kind that is judged by itself (a Dockerfile, source code, a certificate). */
export interface SubjectRule<Subject> extends RuleInfo {
  check(subject: Subject, context: { readonly now: number }): Iterable<Hit>;
}

/** Makes the finding of a hit; its id stays the same when lines move. */
export function findingOf(rule: RuleInfo, hit: Hit): Finding {
  const { at } = hit;
  const inResource = 'resource' in at;
  const location = inResource ? (originOf(at.resource, at.path ?? []) ?? originOf(at.resource)) : at.location;
  const path = inResource ? formatPath(at.path ?? []) : '';
  const subject = hit.about ?? (inResource ? resourceId(at.resource) : at.subject);
  const file = inResource || hit.about !== undefined ? '' : at.location.file;
  const tags = [...rule.tags, ...(hit.tags ?? [])];
  return {
    id: findingId(rule.id, subject, path, file, hit.detail ?? ''),
    code: rule.id,
    severity: hit.severity ?? rule.severity,
    title: hit.title,
    message: hit.message ?? rule.why,
    ...(location && { location }),
    ...(path !== '' && { path }),
    subject,
    ...(hit.related && hit.related.length > 0 && { related: hit.related }),
    ...(rule.cwe.length > 0 && { cwe: rule.cwe }),
    ...(tags.length > 0 && { tags }),
    fix: hit.fix ?? { text: rule.help },
    references: rule.references,
  };
}
