// What policy answers: values, never exceptions.
import type { Attributes, DenyCode, Reason } from '#model/decision.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Permit } from './permit.ts';

export interface Allowed {
  readonly allow: true;
  readonly permit: Permit;
  /** `namespace/name` of the policy that allowed; '' when no ALLOW policy is in force here. */
  readonly policy: string;
  /** Index into spec.rules, -1 when no rule was needed. */
  readonly rule: number;
  /** What AUDIT and dry-run policies say; they change nothing. */
  readonly shadow: readonly Reason[];
}

export interface Denied {
  readonly allow: false;
  readonly code: DenyCode;
  /** Never empty; the one that decides, or that is nearest to allowing, first. */
  readonly reasons: readonly Reason[];
  readonly shadow: readonly Reason[];
}

export type CustomDecision =
  | { readonly kind: 'none' }
  /** Every one of these external authorizers must allow. */
  | { readonly kind: 'check'; readonly providers: readonly string[] }
  | { readonly kind: 'deny'; readonly reasons: readonly Reason[] };

/** The policies of one enforcement point, compiled. Order of use: custom, then token verification, then authorize. */
export interface Authorizer {
  /** No AuthorizationPolicy at all is in force here. */
  readonly empty: boolean;
  /** Values and fields that could not be honoured, and what that does; also where ambient differs from sidecars. */
  readonly diagnostics: readonly Diagnostic[];
  /** CUSTOM stage, before tokens are verified. */
  custom(a: Attributes): CustomDecision;
  /** AUDIT, DENY, ALLOW. Does not allocate when it allows and no AUDIT or dry-run policy matches. */
  authorize(a: Attributes): Allowed | Denied;
}
