// Manifests as texts, for tests of readers.
import type { System } from '#model/system.ts';
import { formatLocation } from '#model/origin.ts';
import { readSystem } from '#ingest/read.ts';
import type { ReadOptions } from '#ingest/read.ts';

/** Reads one text named `t.yaml`; findings come back as `error 3:9 authz.unknown-field`. */
export function readText(
  text: string,
  options: ReadOptions = {},
): { readonly system: System; readonly told: readonly string[]; readonly messages: string } {
  const { system, diagnostics } = readSystem([{ file: 't.yaml', text }], options);
  const told = diagnostics.map(
    ({ severity, location, code }) => `${severity} ${formatLocation(location).replace('t.yaml:', '')} ${code}`,
  );
  return { system, told, messages: JSON.stringify(diagnostics) };
}

/** A document of a kind whose spec is written indented by two spaces below `spec:`. */
export function manifest(apiVersion: string, kind: string, spec: string, metadata = 'name: x'): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${metadata}}\n${spec === '' ? '' : `spec:\n${spec}\n`}`;
}
