// What a check found in the declared system: a fact, where it stands, what to do about it.
import { hash } from 'node:crypto';
import type { Location, Path } from './origin.ts';

export const FINDING_SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

export interface Finding {
  /** Stable across runs and across moves of the text (findingId). */
  readonly id: string;
  /** Stable name of the check, e.g. `policy.split-rule`. */
  readonly code: string;
  readonly severity: FindingSeverity;
  /** One line, lower-case, no full stop, the user's words in backticks. */
  readonly title: string;
  /** Plain words: what it means and why it matters. */
  readonly message: string;
  readonly location?: Location;
  /** `spec.rules[0].to` when it sits inside a resource. */
  readonly path?: string;
  /** What it is about, for people and for grouping: `Deployment shop/cart`, a package URL, a file. */
  readonly subject?: string;
  /** Further places that the finding rests on, each with what it shows. */
  readonly related?: readonly { readonly location: Location; readonly message: string }[];
  /** Weaknesses by number (https://cwe.mitre.org). */
  readonly cwe?: readonly number[];
  /** Euros a year that the expected loss falls when it is gone; absent when no path to a crown jewel uses it. */
  readonly risk?: number;
  /** Controls that it touches: `cis-k8s:5.2.2`, `nsa-k8s:network`, `owasp-api:API4:2023`, `pci-dss:1.3.1`, `soc2:CC6.1`, `pss:baseline`. */
  readonly tags?: readonly string[];
  readonly fix?: {
    readonly text: string;
    /** Ready to paste. */
    readonly yaml?: string;
    /** The same as changes of the files that were read; comments and layout stay. */
    readonly edits?: readonly FindingEdit[];
  };
  /** URLs or names of standards. */
  readonly references: readonly string[];
}

/** One change of one document. */
export type FindingEdit =
  | {
      readonly op: 'set' | 'remove' | 'append';
      /** Where the document's resource is written (originOf(resource)). */
      readonly document: Location;
      /** From the root of the resource; missing mappings and lists on the way are made. `append` adds an item to the list at the path. */
      readonly path: Path;
      readonly value?: unknown;
    }
  | {
      readonly op: 'create';
      /** File to be written, or added to when it is there. */
      readonly file: string;
      /** The whole resource, plain data. */
      readonly value: unknown;
    };

/**
 * A finding's identity: hex, 16 digits of SHA-256 over the check and what it is about, never over line numbers.
 * @param about resource id, path inside it and whatever else tells two findings of one check apart
 */
export function findingId(code: string, ...about: readonly string[]): string {
  return hash('sha256', JSON.stringify([code, ...about])).slice(0, 16);
}

/** Worst first: by severity, then by what it puts at risk, then by place, so that output is stable. */
export function compareFindings(a: Finding, b: Finding): number {
  const severity = FINDING_SEVERITIES.indexOf(a.severity) - FINDING_SEVERITIES.indexOf(b.severity);
  if (severity !== 0) return severity;
  if ((a.risk ?? 0) !== (b.risk ?? 0)) return (b.risk ?? 0) - (a.risk ?? 0);
  const [left, right] = [a.location, b.location];
  const file = compareText(left?.file ?? '', right?.file ?? '');
  return (
    file ||
    (left?.line ?? 0) - (right?.line ?? 0) ||
    (left?.column ?? 0) - (right?.column ?? 0) ||
    compareText(a.code, b.code) ||
    compareText(a.id, b.id)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
