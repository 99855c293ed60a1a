// Reports of a scan: each format to its file, or to standard output.
import { appendFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { GateVerdict } from '#scan/gate/verdict.ts';
import type { CatalogueReport } from '#scan/report/compliance.ts';
import type { JudgedFinding, ScanResult } from '#scan/result.ts';
import type { RuleInfo } from '#scan/rule.ts';
import type { Cli } from './context.ts';

const FORMATS = ['json', 'sarif', 'junit', 'markdown', 'html'] as const;
type Format = (typeof FORMATS)[number];

export interface ReportFlags {
  readonly json: boolean;
  readonly format?: readonly string[] | undefined;
  readonly output?: readonly string[] | undefined;
  readonly compliance: boolean;
  readonly noCache: boolean;
}

export interface Report {
  readonly result: ScanResult;
  readonly verdict?: GateVerdict;
  readonly fails: (finding: JudgedFinding) => boolean;
}

/** What is asked for, checked before the work begins. @throws CullisError usage.invalid */
export function plannedReports(flags: ReportFlags): readonly { readonly format: Format; readonly file: string | undefined }[] {
  const formats = [...(flags.format ?? [])];
  if (flags.json) formats.push('json');
  const files = flags.output ?? [];
  if (files.length > formats.length) throw new CullisError('usage.invalid', 'each `--output` needs a `--format` before it');
  const planned = formats.map((name, i) => {
    const format = FORMATS.find((one) => one === name);
    if (!format) throw new CullisError('usage.invalid', `\`--format\` must be one of ${FORMATS.join(', ')}`);
    return { format, file: files[i] };
  });
  if (planned.filter(({ file }) => file === undefined).length > 1)
    throw new CullisError('usage.invalid', 'only one report can go to standard output; give the others an `--output`');
  return planned;
}

/** Writes them. @returns whether one went to standard output, so that nothing else should */
export async function writeReports(cli: Cli, flags: ReportFlags, report: Report): Promise<boolean> {
  const rules = async (): Promise<Rules> => (await import('#app/scan/catalogue.ts')).ruleInfos(cli.env, !flags.noCache);
  let printed = false;
  for (const { format, file } of plannedReports(flags)) {
    const text = await RENDER[format](report, rules, flags.compliance);
    if (file === undefined) {
      cli.out(text.trimEnd());
      printed = true;
    } else write(cli, file, format, text);
  }
  return printed;
}

function write(cli: Cli, file: string, format: Format, text: string): void {
  try {
    const path = resolve(cli.cwd, file);
    // A build's step summary is a file that several steps add to.
    if (format === 'markdown' && path === cli.env['GITHUB_STEP_SUMMARY']) appendFileSync(path, text);
    else writeFileSync(path, text);
    cli.note(`wrote ${file}`);
  } catch (error) {
    throw new CullisError('config.unreadable', `the report \`${file}\` could not be written: ${messageOf(error)}`);
  }
}

type Rules = ReadonlyMap<string, RuleInfo>;

/** Each format is loaded when it is asked for, and the rules' words when it shows them. */
const RENDER: Readonly<Record<Format, (report: Report, rules: () => Promise<Rules>, compliance: boolean) => Promise<string>>> = {
  json: async ({ result, verdict }, rules, compliance) =>
    JSON.stringify(
      { ...result, ...(verdict && { verdict }), ...(compliance && { compliance: await controls(result, rules) }) },
      null,
      2,
    ),
  sarif: async ({ result }, rules) => {
    const { toSarif } = await import('#scan/report/sarif.ts');
    return JSON.stringify(toSarif(result, await rules()), null, 2);
  },
  junit: async ({ result, fails }) => (await import('#scan/report/junit.ts')).toJunit(result, fails),
  markdown: async ({ result, verdict }) => (await import('#scan/report/markdown.ts')).toMarkdown(result, verdict),
  html: async ({ result, verdict }, rules, compliance) => {
    const { toHtml } = await import('#scan/report/html.ts');
    return toHtml(result, verdict, compliance ? await controls(result, rules) : []);
  },
};

async function controls(result: ScanResult, rules: () => Promise<Rules>): Promise<readonly CatalogueReport[]> {
  const { complianceReport } = await import('#scan/report/compliance.ts');
  return complianceReport(result, new Map([...(await rules())].map(([id, { tags }]) => [id, tags])));
}
