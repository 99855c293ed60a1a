// `cullis gate`: a scan, the team's bar, one verdict.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { readGatePolicy } from '#ingest/gate/policy.ts';
import { DEFAULT_GATE } from '#scan/gate/policy.ts';
import type { GatePolicy } from '#scan/gate/policy.ts';
import { verdictOf } from '#scan/gate/verdict.ts';
import { DEFAULT_TERMS, dayOf } from '#scan/judge/terms.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { renderGate } from '../view/gate.ts';
import { requestOf } from './scan.ts';
import type { ReadingFlags } from './scan.ts';

export interface GateFlags extends ReadingFlags {
  readonly policy?: string | undefined;
}

export async function run(cli: Cli, flags: GateFlags, ...paths: readonly string[]): Promise<number> {
  const [{ scan, describe }, { plannedReports, writeReports }] = await Promise.all([
    import('#app/scan/scan.ts'),
    import('../reports.ts'),
  ]);
  plannedReports(flags);
  const policy = loadPolicy(cli, flags.policy, describe);
  const { result, baseline } = await scan({
    ...(await requestOf(cli, flags, paths)),
    terms: policy.terms,
    parity: policy.parity,
  });
  const verdict = verdictOf(result, policy, baseline, dayOf(cli.nowMs()));
  const failing = new Set(verdict.failures.map(({ finding }) => finding?.id));
  if (!(await writeReports(cli, flags, { result, verdict, fails: ({ id }) => failing.has(id) })))
    for (const line of renderGate(verdict, cli.paint, cli.columns, flags.baseline)) cli.out(line);
  return verdict.pass ? EXIT.fine : EXIT.findings;
}

/** @throws CullisError config.invalid with every mistake: a policy that is half understood is no bar */
function loadPolicy(
  cli: Cli,
  file: string | undefined,
  describe: (diagnostics: ReturnType<typeof readGatePolicy>['diagnostics']) => string,
): GatePolicy {
  if (file === undefined) return { ...DEFAULT_GATE, file: 'the default policy', terms: DEFAULT_TERMS };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(resolve(cli.cwd, file));
  } catch (error) {
    throw new CullisError('config.unreadable', `the policy \`${file}\` could not be read: ${messageOf(error)}`);
  }
  const { value, diagnostics } = readGatePolicy(file, bytes);
  if (!value) throw new CullisError('config.invalid', describe(diagnostics));
  const { vulnerabilities, terms, ...rest } = value;
  return {
    ...DEFAULT_GATE,
    ...rest,
    file,
    terms: { ...DEFAULT_TERMS, ...terms },
    vulnerabilities: { ...DEFAULT_GATE.vulnerabilities, ...vulnerabilities },
  };
}
