// `cullis netmap`: every allowed connection, what changed, and the policies that would allow just what is declared.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { toYaml } from '#policy/yaml.ts';
import { declaredFlows } from '#scan/reach/flows.ts';
import type { WantedFlow } from '#scan/reach/flows.ts';
import { diffNetmaps, netmap, netmapDot, netmapText } from '#scan/reach/netmap.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { synthesise } from '#scan/reach/synthesise.ts';
import type { Unit } from '#ingest/units.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { unitOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';

export interface NetmapFlags extends JsonFlag, SystemFlags {
  readonly format: 'text' | 'json' | 'dot';
  readonly diff?: string | undefined;
  readonly synthesise: boolean;
  readonly flows?: string | undefined;
}

/** Opened, closed, changed. */
const TONES: Readonly<Record<string, 'bad' | 'good' | 'warn'>> = { '+': 'bad', '-': 'good', '~': 'warn' };

/** With `--diff`, leaves with 1 when the change opens a connection. */
export async function run(cli: Cli, flags: NetmapFlags, ...paths: readonly string[]): Promise<number> {
  const unit = await unitOf(cli, flags, paths);
  const reach = reachOf(unit.system);
  const json = flags.json || flags.format === 'json';
  if (flags.synthesise || flags.flows !== undefined) return printPolicies(cli, unit, flags, json);
  const map = netmap(reach);
  if (flags.diff !== undefined) {
    const before = await unitOf(cli, flags, [flags.diff]);
    const diff = diffNetmaps(netmap(reachOf(before.system)), map);
    const { text, ...data } = diff;
    if (json) cli.out(JSON.stringify(data, null, 2));
    else for (const line of text.trimEnd().split('\n')) cli.out(cli.paint(TONES[line.slice(0, 1)] ?? 'quiet', line));
    return diff.added.length + diff.exposed.length > 0 ? EXIT.findings : EXIT.fine;
  }
  cli.out(
    json
      ? JSON.stringify({ system: unit.name, ...map }, null, 2)
      : (flags.format === 'dot' ? netmapDot(map) : netmapText(map)).trimEnd(),
  );
  return EXIT.fine;
}

function printPolicies(cli: Cli, { system }: Unit, flags: NetmapFlags, json: boolean): number {
  const flows =
    flags.flows === undefined ? declaredFlows(reachOf(system)) : readFlows(resolve(cli.cwd, flags.flows), flags.flows);
  const { networkPolicies, authorizationPolicies, notes } = synthesise(system, flows);
  for (const note of notes) cli.note(note);
  const all = [...networkPolicies, ...authorizationPolicies];
  if (all.length === 0 && !json) {
    cli.err('no policies to write: they are for workloads of Kubernetes, and for flows between them');
    return EXIT.fine;
  }
  cli.out(
    json
      ? JSON.stringify({ flows, networkPolicies, authorizationPolicies, notes }, null, 2)
      : all.map((one) => toYaml(one).trimEnd()).join('\n---\n'),
  );
  return EXIT.fine;
}

/** `[{ "from": "shop/frontend", "to": "shop/cart", "port": 7070 }]` */
function readFlows(file: string, shown: string): readonly WantedFlow[] {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CullisError('config.unreadable', `the flows \`${shown}\` could not be read: ${messageOf(error)}`);
  }
  if (!Array.isArray(raw)) throw new CullisError('config.invalid', `\`${shown}\` must hold a list of flows`);
  return raw.map((one: unknown, i): WantedFlow => {
    const { from, to, port, transport } = (one ?? {}) as Readonly<Record<string, unknown>>;
    const good =
      typeof from === 'string' &&
      typeof to === 'string' &&
      Number.isInteger(port) &&
      (port as number) > 0 &&
      (port as number) < 65_536;
    if (!good) throw new CullisError('config.invalid', `\`${shown}\`: flow ${i} needs \`from\`, \`to\` and \`port\``);
    return { from, to, port: port as number, ...((transport === 'UDP' || transport === 'SCTP') && { transport }) } as WantedFlow;
  });
}
