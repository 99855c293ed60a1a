// Java archives: which Maven artifacts they are and hold, shaded and nested ones included.
import { isZip, unzip, zipEntries } from '#base/zip.ts';

export interface JarArtifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Path inside the archive, `!/` between archives; '' for the archive itself. */
  readonly inside: string;
}

const DEPTH_MAX = 4;
const TEXT_MAX = 1024 * 1024;
const ARCHIVE_MAX = 128 * 1024 * 1024;
const NESTED_MAX = 2000;

interface Budget {
  bytes: number;
  archives: number;
}

/**
 * Reads an archive. Artifacts come from Maven's own `pom.properties`; without one, from the manifest and the file's name, where they tell the group too.
 * @param name the file's name
 */
export function readJar(name: string, bytes: Uint8Array): JarArtifact[] {
  const found: JarArtifact[] = [];
  read(name, bytes, '', 0, { bytes: 4 * ARCHIVE_MAX, archives: NESTED_MAX }, found);
  return found;
}

function read(name: string, bytes: Uint8Array, inside: string, depth: number, budget: Budget, found: JarArtifact[]): void {
  const entries = isZip(bytes) ? zipEntries(bytes) : undefined;
  if (!entries) return;
  const decoder = new TextDecoder();
  let described = false;
  let manifest: ReadonlyMap<string, string> = new Map();
  for (const entry of entries) {
    if (/^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(entry.name)) {
      const text = unzip(bytes, entry, TEXT_MAX);
      const values = pairs(decoder.decode(text), '=');
      const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((key) => values.get(key) ?? '');
      if (group && artifact && version) {
        found.push({ group, artifact, version, inside });
        described = true;
      }
    } else if (entry.name === 'META-INF/MANIFEST.MF') {
      const text = unzip(bytes, entry, TEXT_MAX);
      // A line that goes on begins with a space.
      if (text) manifest = pairs(decoder.decode(text).replaceAll('\r\n', '\n').replaceAll('\n ', ''), ':');
    } else if (/\.(?:jar|war|ear|sar|hpi)$/i.test(entry.name) && depth < DEPTH_MAX && budget.archives > 0 && budget.bytes > 0) {
      budget.archives--;
      const nested = unzip(bytes, entry, Math.min(ARCHIVE_MAX, budget.bytes));
      if (!nested) continue;
      budget.bytes -= nested.length;
      read(
        entry.name.slice(entry.name.lastIndexOf('/') + 1),
        nested,
        inside === '' ? entry.name : `${inside}!/${entry.name}`,
        depth + 1,
        budget,
        found,
      );
    }
  }
  if (!described) {
    const artifact = fromManifest(name, manifest);
    if (artifact) found.push({ ...artifact, inside });
  }
}

function fromManifest(name: string, manifest: ReadonlyMap<string, string>): Omit<JarArtifact, 'inside'> | undefined {
  const file = /^(.+?)-(\d[\w.+-]*)\.(?:jar|war|ear|sar|hpi)$/i.exec(name);
  const symbolic = (manifest.get('Bundle-SymbolicName') ?? manifest.get('Automatic-Module-Name') ?? '').split(';')[0]!.trim();
  const version = file?.[2] ?? manifest.get('Implementation-Version') ?? manifest.get('Bundle-Version') ?? '';
  const artifact = file?.[1] ?? manifest.get('Implementation-Title') ?? '';
  const dot = symbolic.lastIndexOf('.');
  const vendor = manifest.get('Implementation-Vendor-Id') ?? '';
  const group =
    vendor !== ''
      ? vendor
      : symbolic.endsWith(`.${artifact}`) || dot > 0
        ? symbolic.slice(0, symbolic.endsWith(`.${artifact}`) ? -artifact.length - 1 : dot)
        : '';
  if (group === '' || !/^[\w.-]+$/.test(group) || !/^[\w.-]+$/.test(artifact) || !/^\d[\w.+-]*$/.test(version)) return undefined;
  return { group, artifact, version };
}

function pairs(text: string, separator: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(separator);
    if (at > 0 && !line.startsWith('#')) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return values;
}
