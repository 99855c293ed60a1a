import { readFileSync } from 'node:fs';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';

/** The version in package.json. */
export function productVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

export function run(cli: Cli, flags: JsonFlag): void {
  const version = productVersion();
  if (flags.json)
    cli.out(JSON.stringify({ version, node: process.versions.node, platform: `${process.platform}-${process.arch}` }));
  else cli.out(`cullis ${version} (node ${process.versions.node}, ${process.platform}-${process.arch})`);
}
