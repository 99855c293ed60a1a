// `cullis sbom PATH|IMAGE`: what software is in it, as a bill of materials.
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Sbom } from '#scan/sbom/document.ts';
import { writeCycloneDx, writeSpdx } from '#scan/sbom/write.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { productVersion } from './version.ts';

export interface SbomFlags extends JsonFlag {
  readonly format: 'cyclonedx' | 'spdx';
}

export async function run(cli: Cli, flags: SbomFlags, ...targets: readonly string[]): Promise<number> {
  const [target = '.'] = targets;
  const sbom = await sbomOf(cli, target);
  const tool = { name: 'cullis', version: productVersion() };
  const at = new Date(cli.nowMs()).toISOString();
  const { spdxLicences } = await import('#app/scan/software.ts');
  const text = flags.format === 'spdx' ? writeSpdx(sbom, tool, at) : writeCycloneDx(sbom, tool, at, spdxLicences());
  cli.out(text.trimEnd());
  return EXIT.fine;
}

/** The software of an image, or of everything that lockfiles below a folder name. */
export async function sbomOf(cli: Cli, target: string): Promise<Sbom> {
  const { isImage } = await import('#app/scan/target.ts');
  const exists = existsSync(resolve(cli.cwd, target));
  if (isImage(target, cli.cwd, exists)) {
    const { openOrPull, scanImage } = await import('#app/scan/image.ts');
    const image = await openOrPull(target, cli.cwd, exists, cli.env);
    const { packages } = await scanImage(image, { nowMs: cli.nowMs() });
    return { subject: { name: target, version: '', type: 'container', digest: image.digest }, packages };
  }
  const [{ collect }, { list }, { softwareOf }] = await Promise.all([
    import('#app/scan/collect.ts'),
    import('#app/scan/listing.ts'),
    import('#app/scan/software.ts'),
  ]);
  const options = { cwd: cli.cwd, env: cli.env, stdin: cli.stdin, render: false };
  const { packages, notAnalysed } = softwareOf(collect(list([target], options), options).files);
  for (const one of notAnalysed) cli.err(`${one.file}${one.line === undefined ? '' : `:${one.line}`}: ${one.message}`);
  return { subject: { name: basename(resolve(cli.cwd, target)), version: '', type: 'application' }, packages };
}
