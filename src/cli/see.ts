// Commands that look: their words and flags. What they do lies in run/.
import { command, jsonFlag, optional, text } from './command.ts';
import type { BlastFlags } from './run/blast.ts';
import type { FixFlags } from './run/fix.ts';
import type { GateFlags } from './run/gate.ts';
import type { NetmapFlags } from './run/netmap.ts';
import type { ParityFlags } from './run/parity.ts';
import type { PathsFlags } from './run/paths.ts';
import type { ReachFlags } from './run/reach.ts';
import type { SbomFlags } from './run/sbom.ts';
import type { ScanFlags } from './run/scan.ts';
import type { DbUpdateFlags } from './run/db.ts';
import type { ThreatsFlags } from './run/threats.ts';
import type { WatchFlags } from './run/watch.ts';

const many = (brief: string, placeholder: string) => ({ ...optional(brief, placeholder), variadic: true }) as const;
const boolean = (brief: string) => ({ kind: 'boolean', brief, default: false, withNegated: false }) as const;
const targets = {
  kind: 'array',
  parameter: {
    brief: 'Folder, file, image archive, or - for standard input; this folder when none is given',
    placeholder: 'PATH',
    parse: text,
  },
} as const;
const severity = (brief: string, byDefault: 'high') =>
  ({ kind: 'enum', values: ['critical', 'high', 'medium', 'low', 'info', 'never'], brief, default: byDefault }) as const;

const REPORT_FORMATS = ['json', 'sarif', 'junit', 'markdown', 'html'];

const reading = {
  json: jsonFlag,
  baseline: optional('What was there already, and since when', 'FILE'),
  format: {
    ...many('Report: json, sarif, junit, markdown or html; any number of times', 'FORMAT'),
    proposeCompletions: (partial: string) => REPORT_FORMATS.filter((format) => format.startsWith(partial)),
  },
  output: many('Where it goes, in the order of --format; else standard output', 'FILE'),
  compliance: boolean('Controls of CIS, NSA/CISA, PCI DSS and SOC 2 in the HTML and JSON report'),
  advisories: optional('Advisory database; the one of `cullis db update` when it is not said', 'FILE'),
  epss: optional('EPSS scores (CSV, also gzipped)', 'FILE'),
  kev: optional('Catalogue of known exploited vulnerabilities (JSON)', 'FILE'),
  rules: optional('More rules for secrets, as gitleaks writes them (TOML)', 'FILE'),
  history: boolean('Secrets in every commit too'),
  noCache: boolean('Look at everything again'),
  noRender: boolean('Leave the helm of this machine alone'),
} as const;

export const scan = command<ScanFlags>(
  'Find every gap, the ways in, and what to do: manifests, code, images, specifications',
  () => import('./run/scan.ts'),
  {
    positional: targets,
    flags: {
      ...reading,
      all: boolean('Show low and informational findings and every place'),
      failOn: severity('Leave with 1 from findings of this severity on', 'high'),
      updateBaseline: boolean('Write what is found to the baseline'),
    },
  },
);

export const gate = command<GateFlags>(
  'One verdict for the build: is anything worse than before?',
  () => import('./run/gate.ts'),
  {
    positional: targets,
    flags: { ...reading, policy: optional('The bar; the default one when none is given', 'FILE') },
  },
);

const systemFlags = {
  json: jsonFlag,
  system: optional('Which of several systems that lie there; the largest when it is not said', 'NAME'),
  noRender: boolean('Leave the helm of this machine alone'),
} as const;

export const reach = command<ReachFlags>(
  'May it, and why: NetworkPolicy, AdminNetworkPolicy, edge and mesh together',
  () => import('./run/reach.ts'),
  {
    positional: {
      kind: 'array',
      parameter: { brief: 'FROM and TO (workload, `internet`, address range), then paths', placeholder: 'WHO', parse: text },
    },
    flags: systemFlags,
  },
);

export const netmap = command<NetmapFlags>(
  'Every allowed connection; what a change opens; the least that is needed',
  () => import('./run/netmap.ts'),
  {
    positional: targets,
    flags: {
      ...systemFlags,
      format: { kind: 'enum', values: ['text', 'json', 'dot'], brief: 'How it is written', default: 'text' },
      diff: optional('Compare with this older version; leaves with 1 when something was opened', 'PATH'),
      synthesise: boolean('NetworkPolicies and AuthorizationPolicies that allow the declared calls and nothing else'),
      flows: optional('The same from observed flows: JSON list of { from, to, port }', 'FILE'),
    },
  },
);

const two = (a: string, b: string) =>
  ({
    kind: 'tuple',
    parameters: [
      { brief: a, placeholder: 'A', parse: text },
      { brief: b, placeholder: 'B', parse: text },
    ],
  }) as const;

export const parity = command<ParityFlags, readonly [string, string]>(
  'What differs between staging and production, or inside two images',
  () => import('./run/parity.ts'),
  {
    positional: two('Folder or image, further from production', 'Folder or image, nearer to production'),
    flags: { ...systemFlags, all: boolean('Configuration and expected differences too') },
  },
);

export const sbom = command<SbomFlags>('A bill of materials of a folder or image', () => import('./run/sbom.ts'), {
  positional: {
    kind: 'array',
    parameter: { brief: 'Folder or image; this folder when none is given', placeholder: 'PATH', parse: text },
    maximum: 1,
  },
  flags: {
    json: jsonFlag,
    format: { kind: 'enum', values: ['cyclonedx', 'spdx'], brief: 'CycloneDX 1.6 or SPDX 2.3, JSON', default: 'cyclonedx' },
  },
});

const advisories = optional('Database file; the usual one when it is not said', 'FILE');

export const dbUpdate = command<DbUpdateFlags, readonly []>('Make the database of advisories anew', () => import('./run/db.ts'), {
  positional: { kind: 'tuple', parameters: [] },
  flags: {
    json: jsonFlag,
    advisories,
    from: many('Folder, ZIP archive or URL with OSV records; the public OSV address when none is given', 'SOURCE'),
    ecosystem: many('Of the public address only these: npm, PyPI, Go, Debian, …', 'NAME'),
  },
});

export const watch = command<WatchFlags>(
  'Match stored bills of materials again whenever the advisories change',
  () => import('./run/watch.ts'),
  {
    positional: targets,
    flags: {
      json: jsonFlag,
      advisories,
      state: {
        kind: 'parsed',
        parse: text,
        brief: 'What was open since when',
        placeholder: 'FILE',
        default: 'cullis-watch.json',
      },
      once: boolean('Look once; leaves with 1 when something is newly open'),
    },
  },
);

const from = optional('Where the attacker stands: a workload, or the internet', 'WHO');
const to = optional('The workload that is to be protected; all crown jewels when it is not said', 'WORKLOAD');
function positive(input: string): number {
  const n = Number(input);
  if (!Number.isInteger(n) || n < 1 || n > 1000) throw new Error('a number from 1 to 1000');
  return n;
}

export const paths = command<PathsFlags>(
  'Ways to the crown jewels, the riskiest first, with the evidence of each step',
  () => import('./run/paths.ts'),
  {
    positional: targets,
    flags: {
      ...systemFlags,
      from,
      to,
      max: { kind: 'parsed', parse: positive, brief: 'How many at most', placeholder: 'N', default: '10' },
    },
  },
);

export const blast = command<BlastFlags>('What falls when one workload does', () => import('./run/blast.ts'), {
  positional: { kind: 'array', parameter: { brief: 'WORKLOAD, then paths', placeholder: 'WORKLOAD', parse: text } },
  flags: systemFlags,
});

export const fix = command<FixFlags>(
  'The smallest change that breaks every path and keeps every declared call, with the proof',
  () => import('./run/fix.ts'),
  {
    positional: targets,
    flags: { ...systemFlags, from, to, diff: boolean('Print it as a patch'), write: boolean('Apply it to the files') },
  },
);

export const threats = command<ThreatsFlags>(
  'The threat model: STRIDE for each element and flow, with figures and evidence',
  () => import('./run/threats.ts'),
  {
    positional: targets,
    flags: {
      ...systemFlags,
      format: {
        kind: 'enum',
        values: ['text', 'markdown', 'json', 'threat-dragon', 'mermaid', 'dot'],
        brief: 'How it is written',
        default: 'text',
      },
      diff: optional('Compare with this older version; leaves with 1 when a threat came in', 'PATH'),
    },
  },
);
