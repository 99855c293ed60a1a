// JUnit XML as CI servers read it: a suite per file, a case per finding that counts.
import type { JudgedFinding, ScanResult } from '../result.ts';

/**
 * @param fails whether a finding is a failure; others are listed as skipped, with the reason
 * @returns the XML text
 */
export function toJunit(result: ScanResult, fails: (finding: JudgedFinding) => boolean): string {
  const files = new Map<string, JudgedFinding[]>();
  for (const finding of result.findings) {
    const file = finding.location?.file ?? result.target;
    const list = files.get(file);
    if (list) list.push(finding);
    else files.set(file, [finding]);
  }
  const failures = result.findings.filter(fails).length;
  const suites = [...files].map(([file, findings]) => {
    const cases = findings.map((one) => caseOf(one, fails(one)));
    const failed = findings.filter(fails).length;
    return `  <testsuite name="${xml(file)}" tests="${findings.length}" failures="${failed}" errors="0" skipped="${findings.length - failed}" timestamp="${xml(result.at.slice(0, 19))}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  // A run without findings is a test that passed, not a run without tests.
  if (suites.length === 0)
    suites.push(
      `  <testsuite name="${xml(result.target)}" tests="1" failures="0" errors="0" skipped="0">\n    <testcase classname="cullis" name="no findings"/>\n  </testsuite>`,
    );
  const total = Math.max(result.findings.length, 1);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cullis" tests="${total}" failures="${failures}" errors="0">\n${suites.join('\n')}\n</testsuites>\n`;
}

function caseOf(finding: JudgedFinding, failed: boolean): string {
  const at = finding.location ? `${finding.location.file}:${finding.location.line}:${finding.location.column}` : '';
  const head = `    <testcase classname="${xml(finding.code)}" name="${xml(`${finding.title}${at === '' ? '' : ` (${at})`}`)}"`;
  if (!failed) {
    const why = finding.suppressed
      ? `suppressed: ${finding.suppressed.reason}`
      : finding.known
        ? 'in the baseline'
        : `below the bar: ${finding.severity}`;
    return `${head}><skipped message="${xml(why)}"/></testcase>`;
  }
  const text = [at, finding.message, ...(finding.fix ? [`fix: ${finding.fix.text}`] : [])].join('\n');
  return `${head}><failure type="${finding.severity}" message="${xml(finding.title)}">${xml(text)}</failure></testcase>`;
}

/** XML 1.0: five entities, and no character that XML cannot hold. */
function xml(text: string): string {
  return text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
    .replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
