// The commands: their words and flags. What they do lies in run/, loaded when it is needed, so that a short command starts at once.
import {
  FlagNotFoundError,
  UnexpectedPositionalError,
  buildApplication,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  text_en,
} from '@stricli/core';
import type { Application, ApplicationText } from '@stricli/core';
import { command, jsonFlag, optional, stateFlag, text } from './command.ts';
import type { JsonFlag } from './command.ts';
import type { Cli } from './context.ts';
import { blast, dbUpdate, fix, gate, netmap, parity, paths as attackPaths, reach, sbom, scan, threats, watch } from './see.ts';
import type { CheckFlags } from './run/check.ts';
import type { RequestFlags } from './run/request.ts';
import type { RotateFlags } from './run/ca-rotate.ts';
import type { RevokeFlags } from './run/identity-revoke.ts';
import type { LiveFlags } from './run/status.ts';
import type { TopFlags } from './run/top.ts';
import type { RunFlags } from './run/up.ts';
import type { CreateFlags } from './run/operator.ts';

const paths = {
  kind: 'array',
  parameter: { brief: 'File, folder, or - for standard input; this folder when none is given', placeholder: 'PATH', parse: text },
} as const;
const one = (brief: string, placeholder: string) =>
  ({ kind: 'tuple', parameters: [{ brief, placeholder, parse: text }] }) as const;
const none = { kind: 'tuple', parameters: [] } as const;
const live = { json: jsonFlag, state: stateFlag } as const;
const isolation = {
  kind: 'enum',
  values: ['auto', 'none', 'namespaces'],
  brief: 'Own network namespace per workload: auto where it can be had',
  default: 'auto',
} as const;

const check = command<CheckFlags>('Find every mistake and gap in manifests', () => import('./run/check.ts'), {
  positional: paths,
  flags: {
    json: jsonFlag,
    namespace: { ...optional('Namespace of documents that name none', 'NAME') },
    failOn: {
      kind: 'enum',
      values: ['critical', 'high', 'medium', 'low', 'info', 'never'],
      brief: 'Leave with 1 from findings of this severity on',
      default: 'high',
    },
  },
});

const request = command<RequestFlags>('Would this request be allowed, and why? Offline', () => import('./run/request.ts'), {
  positional: paths,
  flags: {
    json: jsonFlag,
    from: { kind: 'parsed', parse: text, brief: 'Who calls: workload, gateway, identity, or `anyone`', placeholder: 'WHO' },
    to: { kind: 'parsed', parse: text, brief: 'Who is called: workload, service or gateway', placeholder: 'WHO' },
    method: { kind: 'parsed', parse: text, brief: 'HTTP method', placeholder: 'METHOD', default: 'GET' },
    path: { kind: 'parsed', parse: text, brief: 'Path of the request, as sent', placeholder: 'PATH', default: '/' },
    host: optional('Host the caller names; else the service', 'HOST'),
    port: { kind: 'parsed', parse: portNumber, brief: 'Port of the service or workload', placeholder: 'PORT', optional: true },
    header: {
      kind: 'parsed',
      parse: text,
      brief: 'Header `name: value`, any number of times',
      placeholder: 'HEADER',
      variadic: true,
      optional: true,
    },
    claim: {
      kind: 'parsed',
      parse: text,
      brief: 'Claim of a verified token, `name=value`',
      placeholder: 'CLAIM',
      variadic: true,
      optional: true,
    },
    ip: optional('Address of the caller', 'IP'),
    plaintext: { kind: 'boolean', brief: 'The caller speaks without mutual TLS', default: false, withNegated: false },
  },
});

const workers = {
  kind: 'parsed',
  parse: workerCount,
  brief: 'Proxy workers; as many as this machine has cores when not given',
  placeholder: 'N',
  optional: true,
} as const;
const upFlags = { json: jsonFlag, state: stateFlag, isolation, workers } as const;
const up = command<RunFlags>('Run a system behind gateway and sidecars', () => import('./run/up.ts'), {
  positional: paths,
  flags: upFlags,
});
const demo = command<RunFlags, readonly []>('Run the example shop and play a breach on it', () => import('./run/demo.ts'), {
  positional: none,
  flags: upFlags,
});
const status = command<LiveFlags, readonly []>('Show the running system', () => import('./run/status.ts'), {
  positional: none,
  flags: live,
});
const top = command<TopFlags, readonly []>('Watch who calls whom: rate, errors, times, live', () => import('./run/top.ts'), {
  positional: none,
  flags: {
    ...live,
    once: { kind: 'boolean', brief: 'Print one look and end', default: false, withNegated: false },
    sort: {
      kind: 'enum',
      values: ['rate', 'errors', 'denied', 'p99', 'from', 'to'],
      brief: 'Order of the links',
      default: 'rate',
    },
    interval: { kind: 'parsed', parse: seconds, brief: 'Seconds between two looks', placeholder: 'SECONDS', default: '1' },
  },
});
const explain = command<LiveFlags, readonly [string]>('Explain one denied request', () => import('./run/explain.ts'), {
  positional: one('Id that the caller was shown', 'ID'),
  flags: live,
});
const identityLs = command<LiveFlags, readonly []>('List identities and their certificates', () => import('./run/identity.ts'), {
  positional: none,
  flags: live,
});
const identityShow = command<LiveFlags, readonly [string]>(
  'Show one identity: certificate, and what it may call',
  () => import('./run/identity-show.ts'),
  {
    positional: one('Workload, service account or SPIFFE id', 'NAME'),
    flags: live,
  },
);
const identityRevoke = command<RevokeFlags, readonly [string]>(
  'Believe an identity or one certificate no more, on open connections too',
  () => import('./run/identity-revoke.ts'),
  {
    positional: one('Workload, service account, SPIFFE id, or serial number of a certificate', 'NAME'),
    flags: { ...live, reason: optional('Why, for the journal and for those who ask', 'TEXT') },
  },
);
const identityRestore = command<LiveFlags, readonly [string]>(
  'Let a revoked identity have certificates again',
  () => import('./run/identity-restore.ts'),
  {
    positional: one('Workload, service account or SPIFFE id', 'NAME'),
    flags: live,
  },
);
const caShow = command<LiveFlags, readonly []>('Show the CA and its rotation', () => import('./run/ca.ts'), {
  positional: none,
  flags: live,
});
const caRotate = command<RotateFlags, readonly []>(
  'Replace the root in three phases, without losing a request',
  () => import('./run/ca-rotate.ts'),
  {
    positional: none,
    flags: { ...live, wait: { kind: 'boolean', brief: 'Wait until it is over', default: true } },
  },
);
const caRenew = command<LiveFlags>('Replace certificates now, with new keys', () => import('./run/ca-renew.ts'), {
  positional: {
    kind: 'array',
    parameter: { brief: 'Workload, service account or SPIFFE id; all when none is given', placeholder: 'NAME', parse: text },
  },
  flags: live,
});
const operatorCreate = command<CreateFlags, readonly [string]>(
  'Make an operator; its token is shown once',
  () => import('./run/operator.ts'),
  {
    positional: one('Name of a person or tool', 'NAME'),
    flags: {
      ...live,
      role: { kind: 'enum', values: ['viewer', 'operator', 'admin'], brief: 'What it may do', default: 'viewer' },
    },
  },
);
const operatorLs = command<LiveFlags, readonly []>('List operators', () => import('./run/operator-ls.ts'), {
  positional: none,
  flags: live,
});
const operatorRevoke = command<LiveFlags, readonly [string]>(
  'Take an operator its access',
  () => import('./run/operator-revoke.ts'),
  {
    positional: one('Name of the operator', 'NAME'),
    flags: live,
  },
);
const doctor = command<LiveFlags, readonly []>(
  'Is this machine fit, and is the running system well?',
  () => import('./run/doctor.ts'),
  {
    positional: none,
    flags: live,
  },
);
const version = command<JsonFlag, readonly []>('Print the version', () => import('./run/version.ts'), {
  positional: none,
  flags: { json: jsonFlag },
});
const completion = command<JsonFlag, readonly [string]>('Print a completion script', () => import('./run/completion.ts'), {
  positional: one('bash, zsh or fish', 'SHELL'),
  flags: { json: jsonFlag },
});
/** What the completion scripts call: `cullis __complete WORD…`, the last word being the one that is typed. */
const complete = command<JsonFlag>('Propose completions', () => import('./run/complete.ts'), {
  positional: { kind: 'array', parameter: { brief: 'Words so far', placeholder: 'WORD', parse: text } },
  flags: { json: jsonFlag },
});

function portNumber(input: string): number {
  const port = Number(input);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('a port is a number from 1 to 65535');
  return port;
}

function seconds(input: string): number {
  const value = Number(input);
  if (!(value >= 0.1 && value <= 3600)) throw new Error('an interval is 0.1 to 3600 seconds');
  return value;
}

function workerCount(input: string): number {
  const count = Number(input);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new Error('a number of workers is one from 1 to 64');
  return count;
}

export function buildCli(): Application<Cli> {
  const root = buildRouteMap<string, Cli>({
    routes: {
      demo,
      up,
      status,
      top,
      explain,
      scan,
      gate,
      paths: attackPaths,
      blast,
      fix,
      threats,
      reach,
      netmap,
      parity,
      sbom,
      db: buildRouteMap<string, Cli>({ routes: { update: dbUpdate }, docs: { brief: 'Advisories about vulnerable packages' } }),
      watch,
      check,
      request,
      identity: buildRouteMap<string, Cli>({
        routes: { ls: identityLs, show: identityShow, revoke: identityRevoke, restore: identityRestore },
        docs: { brief: 'Who is who, and until when' },
      }),
      ca: buildRouteMap<string, Cli>({
        routes: { show: caShow, rotate: caRotate, renew: caRenew },
        docs: { brief: 'What vouches for identities' },
      }),
      operator: buildRouteMap<string, Cli>({
        routes: { create: operatorCreate, ls: operatorLs, revoke: operatorRevoke },
        docs: { brief: 'People and tools that may use the control API' },
      }),
      doctor,
      completion,
      version,
      __complete: complete,
    },
    docs: { brief: 'Zero trust for microservices: see, enforce, watch, tighten', hideRoute: { __complete: true } },
  });
  return buildApplication(root, {
    name: 'cullis',
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', onlyRequiredInUsageLine: true },
    localization: { text: TEXT },
  });
}

const or = (words: readonly string[], otherwise = ''): string =>
  words.length === 0
    ? otherwise
    : `; did you mean ${words.map((word) => (word.startsWith('`') ? word : `\`${word}\``)).join(' or ')}?`;

const TEXT: ApplicationText = {
  ...text_en,
  briefs: { ...text_en.briefs, help: 'Print help and exit' },
  noCommandRegisteredForInput: ({ input, corrections }) =>
    `error unknown command \`${input.slice(0, 32)}\`${or(corrections, '; `cullis --help` lists them all')}`,
  exceptionWhileParsingArguments: (exception) => `error ${parsingMessage(exception)}`,
};

/** Says which flag or argument is wrong, never what was given for it: that may be a secret. */
function parsingMessage(exception: unknown): string {
  if (exception instanceof FlagNotFoundError)
    return `unknown flag \`--${exception.input.split('=', 1)[0] ?? ''}\`${or(exception.corrections.map((name) => `--${name}`))}`;
  if (exception instanceof UnexpectedPositionalError) return `too many arguments, at most ${exception.expectedCount} expected`;
  if (!(exception instanceof Error)) return 'the arguments could not be read';
  return formatMessageForArgumentScannerError(exception as FlagNotFoundError, {
    AliasNotFoundError: (error) => `unknown flag \`-${error.input.slice(0, 1)}\``,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder, exception: why, input }) => {
      const name = /^[a-z]/.test(externalFlagNameOrPlaceholder)
        ? `--${externalFlagNameOrPlaceholder}`
        : externalFlagNameOrPlaceholder;
      return why instanceof Error && !why.message.includes(input)
        ? `${name}: ${why.message}`
        : `the value of ${name} is not understood`;
    },
    EnumValidationError: (error) => `--${error.externalFlagName} must be one of ${error.values.join(', ')}`,
    UnexpectedFlagError: (error) => `--${error.externalFlagName} was given more than once`,
    UnsatisfiedFlagError: (error) =>
      error.nextFlagName === undefined ? `--${error.externalFlagName} is required` : `--${error.externalFlagName} needs a value`,
    UnsatisfiedPositionalError: (error) => `${error.placeholder} is required`,
    InvalidNegatedFlagSyntaxError: (error) => `--${error.externalFlagName} takes no value`,
  });
}
