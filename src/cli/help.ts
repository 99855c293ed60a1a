import { table } from './text.ts';
import type { Paint } from './text.ts';

const GROUPS: readonly (readonly [title: string, commands: readonly (readonly [string, string])[]])[] = [
  [
    'see',
    [
      ['scan [PATH…]', 'every gap in manifests, code, images and specifications, and the ways in'],
      ['gate [PATH…]', 'one verdict for the build'],
      ['check PATH…', 'every mistake and gap in your manifests, at file:line:col'],
      ['request --from A --to B …', 'would this request be allowed? offline, with the reason'],
    ],
  ],
  [
    'enforce',
    [
      ['up [PATH…]', 'run the system behind gateway and sidecars'],
      ['demo', 'the same with the example shop, and a breach played on it'],
    ],
  ],
  [
    'watch',
    [
      ['status', 'services, links, gateway, denials of the running system'],
      ['top', 'who calls whom, live: rate, errors, times, what was refused'],
      ['explain ID', 'why one request was denied, and the smallest change'],
      ['identity ls|show', 'who is who, and until when'],
    ],
  ],
  [
    'manage',
    [
      ['operator create|ls|revoke', 'people and tools that may use the control API'],
      ['doctor', 'is this machine fit, and is the running system well?'],
      ['completion bash|zsh|fish', 'a script for your shell'],
      ['version', 'which version this is'],
    ],
  ],
];

/** What `cullis` alone prints. */
export function rootHelp(paint: Paint): string[] {
  const rows = GROUPS.flatMap(([title, commands]) =>
    commands.map(([command, text], i) => [paint('quiet', i === 0 ? title : ''), paint('strong', `cullis ${command}`), text]),
  );
  return [
    'Zero trust for microservices: see, enforce, watch, tighten.',
    '',
    ...table(rows, { indent: 2 }),
    '',
    `  PATH is a file, a folder or - for standard input. ${paint('strong', '--json')} works everywhere, ${paint('strong', '--help')} too.`,
    '  Leaves with 0 when all is fine, 1 with findings or a denial, 2 for a mistake in usage or configuration, 70 for a bug.',
  ];
}
