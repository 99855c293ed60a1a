// Manifests for the commands that work offline.
import { CullisError } from '#base/errors.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { System } from '#model/system.ts';
import type { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import type { Cli } from './context.ts';

export interface LoadedInput {
  readonly system: System;
  /** Of unreadable paths and of what stands in the readable ones. */
  readonly diagnostics: readonly Diagnostic[];
  readonly files: number;
  /** TLS values of the Secrets among them: never printed. */
  readonly tlsValues: TlsValues;
}

/**
 * Reads what the paths name; the present folder when there are none.
 * @throws CullisError config.unreadable when nothing could be read at all
 */
export async function loadInput(cli: Cli, paths: readonly string[], namespace: string | undefined): Promise<LoadedInput> {
  const [{ readSources }, { readSystem }, values] = await Promise.all([
    import('#app/sources.ts'),
    import('#ingest/read.ts'),
    import('#ingest/kubernetes/tls-values.ts'),
  ]);
  const sources = readSources(paths.length === 0 ? ['.'] : paths, cli.stdin, cli.cwd);
  if (sources.texts.length === 0) {
    const why = sources.diagnostics.map((one) => one.message).join('; ');
    throw new CullisError(
      'config.unreadable',
      why || `no manifest (*.yaml, *.yml, *.json) in ${paths.map((path) => `\`${path}\``).join(', ') || '`.`'}`,
    );
  }
  const tlsValues = new values.TlsValues();
  const { system, diagnostics } = readSystem(sources.texts, {
    tlsValues,
    ...(namespace !== undefined && { defaultNamespace: namespace }),
  });
  return { system, diagnostics: [...sources.diagnostics, ...diagnostics], files: sources.texts.length, tlsValues };
}
