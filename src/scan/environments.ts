// Names of environments (dev, test, staging, production) inside other names.

export type EnvironmentKind = 'development' | 'test' | 'staging' | 'production';

const WORDS: ReadonlyMap<string, EnvironmentKind> = new Map<string, EnvironmentKind>([
  ['dev', 'development'],
  ['develop', 'development'],
  ['development', 'development'],
  ['sandbox', 'development'],
  ['local', 'development'],
  ['test', 'test'],
  ['testing', 'test'],
  ['tst', 'test'],
  ['qa', 'test'],
  ['ci', 'test'],
  ['int', 'test'],
  ['integration', 'test'],
  ['stage', 'staging'],
  ['staging', 'staging'],
  ['stg', 'staging'],
  ['preprod', 'staging'],
  ['pre-prod', 'staging'],
  ['preproduction', 'staging'],
  ['uat', 'staging'],
  ['acc', 'staging'],
  ['acceptance', 'staging'],
  ['canary', 'staging'],
  ['prod', 'production'],
  ['production', 'production'],
  ['prd', 'production'],
  ['live', 'production'],
]);

/** Least to most like production. */
export const ENVIRONMENT_ORDER: readonly EnvironmentKind[] = ['development', 'test', 'staging', 'production'];

export interface EnvironmentName {
  readonly kind: EnvironmentKind;
  /** The word as written: `stg`. */
  readonly word: string;
  /** The name without it: `shop` of `shop-stg`; '' when nothing else is there. */
  readonly rest: string;
}

const NAME_MAX = 300;

/**
 * The environment at the beginning or end of a name, between dashes, underscores and dots (`shop-prod`, `staging-shop`,
 * `values.production`, `prod`); in the middle nothing is meant.
 */
export function environmentIn(name: string): EnvironmentName | undefined {
  const lower = name.slice(0, NAME_MAX).toLowerCase();
  const two = /^(.*?)(?:^|[-_.])pre[-_]prod$/.exec(lower);
  if (two) return { kind: 'staging', word: 'pre-prod', rest: trimmed(two[1]!) };
  const parts = lower.split(/[-_.]/);
  const last = parts.at(-1)!;
  const lastKind = WORDS.get(last) ?? WORDS.get(last.replace(/\d{1,3}$/, ''));
  if (lastKind) return { kind: lastKind, word: last, rest: trimmed(lower.slice(0, lower.length - last.length)) };
  const first = parts[0]!;
  const firstKind = parts.length > 1 ? WORDS.get(first) : undefined;
  return firstKind && { kind: firstKind, word: first, rest: trimmed(lower.slice(first.length)) };
}

/** The name of what runs there, whatever the environment: `shop-cart` of `staging-shop-cart`. */
export function withoutEnvironment(name: string): string {
  return environmentIn(name)?.rest ?? name.slice(0, NAME_MAX).toLowerCase();
}

function trimmed(text: string): string {
  return text.replace(/^[-_.]+/, '').replace(/[-_.]{1,300}$/, '');
}
