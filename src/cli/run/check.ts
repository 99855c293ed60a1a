// `cullis check PATH…`: every mistake, every gap; nothing is started and nothing leaves the machine.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { loadInput } from '../input.ts';
import { renderCheck } from '../view/check.ts';

export interface CheckFlags extends JsonFlag {
  readonly namespace?: string | undefined;
  readonly failOn: FindingSeverity | 'never';
}

export async function run(cli: Cli, flags: CheckFlags, ...paths: readonly string[]): Promise<number> {
  const { system, diagnostics, files, tlsValues } = await loadInput(cli, paths, flags.namespace);
  const { lintPolicies } = await import('#policy/lint.ts');
  const findings = lintPolicies(system);
  const { gatewayConditions } = await import('#app/gateway-conditions.ts');
  const gateways = gatewayConditions(system, tlsValues, cli.nowMs());
  const result = { system, diagnostics, findings, files, gateways };
  if (flags.json) {
    const counts = {
      files,
      documents: system.resources.length,
      workloads: system.workloads.length,
      services: system.services.length,
    };
    cli.out(
      JSON.stringify({ ...counts, hash: system.hash, notActedOn: system.notActedOn, diagnostics, findings, gateways }, null, 2),
    );
  } else for (const line of renderCheck(result, cli.paint, cli.columns)) cli.out(line);
  const bar = flags.failOn === 'never' ? -1 : FINDING_SEVERITIES.indexOf(flags.failOn);
  const failing =
    findings.some((one) => FINDING_SEVERITIES.indexOf(one.severity) <= bar) ||
    diagnostics.some((one) => one.severity === 'error');
  return failing ? EXIT.findings : EXIT.fine;
}
