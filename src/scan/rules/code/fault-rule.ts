// What rules over application code share: each reports one kind of fault that the analysis of a language finds.
import type { FindingSeverity } from '#model/finding.ts';
import type { CodeFile, FaultKind } from '../../code/fault.ts';
import type { Hit, RuleInfo, SubjectRule } from '../../rule.ts';

export const BCP = 'RFC 8725 (JSON Web Token Best Current Practices)';
export const TOKEN_TAGS = ['owasp-api:API2:2023', 'owasp-asvs:9.1'];

/** A rule that reports one kind of fault; its id is `code.<kind>`. */
export function faultRule(kind: FaultKind, info: Omit<RuleInfo, 'id'>): SubjectRule<CodeFile> {
  return {
    id: `code.${kind}`,
    ...info,
    *check({ file, faults, aside }) {
      const seen = new Map<string, number>();
      for (const fault of faults) {
        if (fault.kind !== kind) continue;
        // Equal titles in one file are told apart by their order, which moves less than lines do.
        const count = (seen.get(fault.title) ?? 0) + 1;
        seen.set(fault.title, count);
        const severity: FindingSeverity = aside ? 'low' : (fault.severity ?? info.severity);
        const hit: Hit = {
          title: aside ? `${fault.title} (in a test or example)` : fault.title,
          severity,
          at: { location: { file, line: fault.line, column: fault.column }, subject: file },
          detail: `${fault.title} ${count}`,
          ...(fault.fix !== undefined && {
            fix: { text: fault.fix.includes('`') ? fault.fix : `${info.help}: \`${fault.fix}\`` },
          }),
        };
        yield hit;
      }
    },
  };
}
