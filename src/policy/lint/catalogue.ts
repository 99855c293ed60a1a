// What kinds of weakness the checks tell of: CWE numbers and controls of catalogues, by code.

export interface CodeInfo {
  readonly cwe: readonly number[];
  readonly tags: readonly string[];
}

const ACCESS = ['nsa-k8s:authorization', 'pci-dss:7.2.1', 'soc2:CC6.1'] as const;
const TRANSIT = ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'] as const;
const TOKEN = ['owasp-api:API2:2023', 'soc2:CC6.1'] as const;

const info = (cwe: readonly number[], tags: readonly string[]): CodeInfo => ({ cwe, tags });

export const CODES: ReadonlyMap<string, CodeInfo> = new Map([
  ['policy.split-rule', info([863], ACCESS)],
  ['policy.allow-everything', info([862], ACCESS)],
  ['policy.allow-by-exclusion', info([183], ACCESS)],
  ['policy.allow-by-header', info([290, 862], ACCESS)],
  ['policy.no-selector', info([1220], ACCESS)],
  ['policy.selects-nothing', info([862], ACCESS)],
  ['policy.literal-star', info([863], ACCESS)],
  ['policy.method-case', info([863], ACCESS)],
  ['policy.path-never', info([863], ACCESS)],
  ['policy.host-port', info([863, 444], ACCESS)],
  ['policy.principal-form', info([863], ACCESS)],
  ['policy.trust-domain', info([863], ACCESS)],
  ['policy.unknown-account', info([863], ACCESS)],
  ['policy.unknown-namespace', info([863], ACCESS)],
  ['policy.unknown-port', info([863], ACCESS)],
  ['policy.http-on-tcp', info([863], ACCESS)],
  ['policy.never-matches', info([863], ACCESS)],
  ['policy.denied-anyway', info([561], ACCESS)],
  ['policy.value-refused', info([863], ACCESS)],
  ['policy.ambient-difference', info([863], ACCESS)],
  ['policy.unknown-provider', info([862], ACCESS)],
  ['policy.several-providers', info([16], ACCESS)],
  ['policy.no-allow', info([862, 284], ACCESS)],
  ['mtls.disabled', info([319, 306], TRANSIT)],
  ['mtls.permissive', info([319, 306], TRANSIT)],
  ['mtls.no-mesh', info([319, 306], TRANSIT)],
  ['jwt.not-required', info([306, 862], TOKEN)],
  ['jwt.never-verified', info([345], TOKEN)],
  ['route.no-limit', info([770, 307], ['owasp-api:API4:2023', 'pci-dss:6.4.2', 'soc2:CC6.6'])],
]);
