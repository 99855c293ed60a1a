// Commands that look: their words and flags. What they do lies in run/.
import { command, jsonFlag, text } from './command.ts';
import type { GateFlags } from './run/gate.ts';
import type { NetmapFlags } from './run/netmap.ts';
import type { ReachFlags } from './run/reach.ts';
import type { ScanFlags } from './run/scan.ts';

export const optional = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: text, brief, placeholder, optional: true }) as const;
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

const reading = {
  json: jsonFlag,
  baseline: optional('What was there already, and since when', 'FILE'),
  format: many('Report: json, sarif, junit, markdown or html; any number of times', 'FORMAT'),
  output: many('Where that report goes, in the order of --format; standard output when left out', 'FILE'),
  compliance: boolean('Controls of CIS, NSA/CISA, PCI DSS and SOC 2 in the HTML and JSON report'),
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
