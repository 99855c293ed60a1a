// Every rule by its id, whatever it looks at: for reports, for the reference, and for what a compliance control is judged by.
import { IMAGE_CONTENT_RULES } from './rules/image-content.ts';
import type { RuleInfo } from './rule.ts';
import { BUILD_RULES } from './rules/build.ts';
import { CERTIFICATE_RULES } from './rules/certificates.ts';
import { CODE_RULES } from './rules/code.ts';
import { SYSTEM_RULES } from './system.ts';

const ALL: readonly RuleInfo[] = [...SYSTEM_RULES, ...CODE_RULES, ...CERTIFICATE_RULES, ...BUILD_RULES, ...IMAGE_CONTENT_RULES];

export const RULES: ReadonlyMap<string, RuleInfo> = new Map(ALL.map((rule) => [rule.id, rule]));
