// Every rule by its id, whatever it looks at: for reports, for the reference, and for what a compliance control is judged by.
import type { RuleInfo } from './rule.ts';
import { SYSTEM_RULES } from './system.ts';

export const RULES: ReadonlyMap<string, RuleInfo> = new Map([...SYSTEM_RULES].map((rule) => [rule.id, rule]));

/** Rule id -> the controls that it speaks to. */
export function ruleTags(): ReadonlyMap<string, readonly string[]> {
  return new Map([...RULES].map(([id, { tags }]) => [id, tags]));
}
