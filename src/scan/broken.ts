// What stands in the files that were given and could not be understood: a policy that nobody can read protects nothing.
import type { ScanResult } from './result.ts';

/** Of what was not analysed, the sorts that are mistakes of the files; unknown kinds, templates and skipped folders are none. */
const BROKEN: ReadonlySet<string> = new Set([
  'unparsed',
  'invalid',
  'encoding',
  'binary',
  'unreadable',
  'lockfile.unreadable',
  'sbom.invalid',
]);

export interface Broken {
  /** `file:line`, as far as it is known. */
  readonly where: string | undefined;
  readonly message: string;
}

/** Mistakes in documents, files that could not be read as what they are, and whatever was asked for by its name; each place once. */
export function brokenIn({
  diagnostics,
  notAnalysed,
  target,
}: Pick<ScanResult, 'diagnostics' | 'notAnalysed' | 'target'>): readonly Broken[] {
  const isNamed = (file: string): boolean => ` ${target} `.includes(` ${file} `);
  const found = new Map<string, Broken>();
  const take = (where: string | undefined, message: string): void => {
    const key = `${where ?? ''} ${message}`;
    if (!found.has(key)) found.set(key, { where, message });
  };
  for (const { severity, location, message } of diagnostics)
    if (severity === 'error') take(location && `${location.file}:${location.line}`, message);
  for (const { what, file, line, message } of notAnalysed)
    if (BROKEN.has(what) || (what === 'damaged' && isNamed(file))) take(line === undefined ? file : `${file}:${line}`, message);
  return [...found.values()];
}
