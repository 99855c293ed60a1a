// What a secret rule is: the words that announce a kind of secret, and how the secret is told from its look-alikes.
import type { FindingSeverity } from '#model/finding.ts';
import type { Assignment } from './match/assignment.ts';

/** Offsets into the text of one file: the whole match, and the secret inside it. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly secretStart: number;
  readonly secretEnd: number;
}

/** What bounds the time for a file that is made of nothing but look-alikes. */
export interface Effort {
  /** Candidates that may still be looked at closely. */
  left: number;
  /** Steps that imported patterns may still make. */
  steps: number;
  /** Whether something was passed over. */
  cut: boolean;
}

/** A file as the matchers see it: one character a byte (latin1), so that an offset is a byte's offset. */
export interface FileView {
  readonly path: string;
  readonly text: string;
  /** Source code, where a right-hand side without quotes is an expression and not a value. */
  readonly isCode: boolean;
  /** Text that was written inside another encoding (base64, hex, percent) of the file. */
  readonly isDecoded: boolean;
  readonly effort: Effort;
  /** What was read last around a vendor's name, since several kinds of one vendor ask for the same. */
  readonly named: { at: number; length: number; near: boolean; found: Assignment | undefined };
}

/**
 * Looks at one place where a keyword stands. Its time is bounded by a constant, whatever the text.
 * @param at offset of the keyword's first byte
 * @param tried offset up to which (inclusive) the rule has looked at keywords before without a match; -1 at first
 */
export type Matcher = (view: FileView, at: number, keyword: string, tried: number) => Match | undefined;

/** A family decides the severity where a kind does not say its own, and what to do about it. */
export const SECRET_FAMILIES = [
  'cloud',
  'code',
  'ci',
  'ai',
  'payment',
  'messaging',
  'data',
  'identity',
  'service',
  'key',
  'generic',
] as const;
export type SecretFamily = (typeof SECRET_FAMILIES)[number];

export interface SecretRule {
  /** Stable; the name that gitleaks gives the same kind where it has it, so that ignore files keep their meaning. */
  readonly id: string;
  /** `GitHub personal access token` */
  readonly name: string;
  readonly family: SecretFamily;
  readonly severity: FindingSeverity;
  /** Lower-case, at least two bytes each; the automaton finds them in any case. */
  readonly keywords: readonly string[];
  readonly match: Matcher;
  /** Shannon entropy of the secret in bits a character that must be passed; 0 asks for none. */
  readonly entropy: number;
  /** False for a secret that people choose: neither its characters nor a hash that could be guessed back are shown. */
  readonly machineMade: boolean;
  /** Only files whose path matches. */
  readonly path?: RegExp;
  /** A last look at the secret: structure, checksum. */
  readonly accept?: (secret: string) => boolean;
  /** Placeholders of the kind are told by its matcher or are no issue. */
  readonly keepsPlaceholders?: boolean;
  /** Where two kinds claim the same text the higher one names it; 1 when absent, 0 for generic kinds. */
  readonly rank?: number;
}
