// `cullis parity A B`: what differs between staging and production, in manifests or inside images.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError } from '#base/errors.ts';
import { formatLocation } from '#model/origin.ts';
import { sideLabels } from '#scan/parity/labels.ts';
import { parity } from '#scan/parity/parity.ts';
import type { ParityDifference, ParityResult } from '#scan/parity/face.ts';
import { comparePackages } from '#scan/sbom/compare.ts';
import type { PackageChange } from '#scan/sbom/compare.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { unitOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';
import { count, hang, printable } from '../text.ts';
import type { Paint } from '../text.ts';

export interface ParityFlags extends JsonFlag, SystemFlags {
  readonly all: boolean;
}

/** Leaves with 1 when the two differ in security, in images, in packages or in missing libraries. */
export async function run(cli: Cli, flags: ParityFlags, a: string, b: string): Promise<number> {
  const { isImage } = await import('#app/scan/target.ts');
  const isOne = (word: string): boolean => isImage(word, cli.cwd, existsSync(resolve(cli.cwd, word)));
  const images = [a, b].filter(isOne).length;
  if (images === 1) throw new CullisError('usage.invalid', 'compare two images, or two systems');
  return images === 2 ? compareImages(cli, flags, a, b) : compareSystems(cli, flags, a, b);
}

async function compareSystems(cli: Cli, flags: ParityFlags, a: string, b: string): Promise<number> {
  const [one, two] = [await unitOf(cli, flags, [a]), await unitOf(cli, flags, [b])];
  const result = parity(one.system, two.system, { labels: sideLabels(a, b) });
  const grave = result.differences.filter((each) => each.class === 'security' || each.class === 'image');
  if (flags.json) cli.out(JSON.stringify({ ...result, differences: result.differences.map(plain) }, null, 2));
  else for (const line of renderParity(result, flags.all, cli.paint, cli.columns)) cli.out(line);
  return grave.length > 0 ? EXIT.findings : EXIT.fine;
}

function plain({ a, b, ...rest }: ParityDifference): unknown {
  const place = (side: ParityDifference['a']): unknown =>
    side && { at: formatLocation(side.location), path: side.path, shows: side.shows };
  return { ...rest, a: place(a), b: place(b) };
}

const TONES = { security: 'bad', image: 'warn', config: 'mark', expected: 'quiet' } as const;

function renderParity({ a, b, compared, differences }: ParityResult, all: boolean, paint: Paint, columns: number): string[] {
  const lines: string[] = [];
  for (const one of differences) {
    if (!all && (one.class === 'expected' || one.class === 'config')) continue;
    const weaker = one.weaker === undefined ? '' : paint('quiet', ` (${one.weaker === 'a' ? a : b} is weaker)`);
    lines.push(
      ...hang(
        `${paint(TONES[one.class], one.class)} ${paint('strong', printable(one.subject))} `,
        `${printable(one.text)}${weaker}`,
        columns,
        4,
      ),
    );
    for (const [label, side] of [
      [a, one.a],
      [b, one.b],
    ] as const)
      lines.push(
        `    ${printable(label)}: ${side ? `${printable(side.shows)} ${paint('quiet', formatLocation(side.location))}` : paint('quiet', 'not there')}`,
      );
  }
  const by = (kind: ParityDifference['class']): number => differences.filter((one) => one.class === kind).length;
  const summary = `${count(compared, 'object')} compared: ${by('security')} security, ${by('image')} image, ${by('config')} configuration, ${by('expected')} expected`;
  return [...lines, ...(lines.length > 0 ? [''] : []), summary];
}

async function compareImages(cli: Cli, flags: ParityFlags, a: string, b: string): Promise<number> {
  const { openOrPull, scanImage } = await import('#app/scan/image.ts');
  const look = async (word: string) =>
    (await scanImage(await openOrPull(word, cli.cwd, existsSync(resolve(cli.cwd, word)), cli.env), { nowMs: cli.nowMs() }))
      .report;
  const [one, two] = [await look(a), await look(b)];
  const packages = comparePackages(one, two);
  const missing = [one, two].map((report) => report.missing.map(({ program, library }) => `${program} needs ${library}`));
  const onlyIn = (side: number): string[] => (missing[side] ?? []).filter((text) => !missing[1 - side]?.includes(text));
  if (flags.json) cli.out(JSON.stringify({ a, b, packages, missing: { a: missing[0], b: missing[1] } }, null, 2));
  else {
    for (const change of packages) cli.out(changeLine(change, cli.paint));
    for (const [side, label] of [a, b].entries())
      for (const text of onlyIn(side))
        cli.out(`${cli.paint('bad', 'library')} ${printable(text)}, which ${printable(label)} lacks`);
    cli.out(
      `differences: ${count(packages.length, 'package')}, ${count(onlyIn(0).length + onlyIn(1).length, 'missing library')}`,
    );
  }
  return packages.length + onlyIn(0).length + onlyIn(1).length > 0 ? EXIT.findings : EXIT.fine;
}

function changeLine({ package: name, a, b, direction }: PackageChange, paint: Paint): string {
  return `${paint(direction === 'older' || direction === 'removed' ? 'warn' : 'mark', direction.padEnd(7))} ${printable(name)} ${a.join(', ') || '-'} -> ${b.join(', ') || '-'}`;
}
