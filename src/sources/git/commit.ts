/** A commit's headers that matter here. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Milliseconds since 1970: when the author wrote it, and when it came to be as it is. */
  readonly authored: number;
  readonly committed: number;
}

export interface TreeEntry {
  readonly name: string;
  readonly id: string;
  readonly kind: 'folder' | 'file' | 'link' | 'module';
}

/** @returns undefined when it is damaged */
export function parseCommit(bytes: Uint8Array): Commit | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 65_536)).toString('latin1');
  const end = text.indexOf('\n\n');
  let tree = '';
  let authored = Number.NaN;
  let committed = Number.NaN;
  const parents: string[] = [];
  for (const line of text.slice(0, end === -1 ? undefined : end).split('\n')) {
    if (line.startsWith('tree ')) tree = line.slice(5);
    else if (line.startsWith('parent ')) parents.push(line.slice(7));
    else if (line.startsWith('author ')) authored = timeOf(line);
    else if (line.startsWith('committer ')) committed = timeOf(line);
  }
  if (!/^[0-9a-f]{40,64}$/.test(tree)) return undefined;
  return { tree, parents, authored: Number.isNaN(authored) ? 0 : authored, committed: Number.isNaN(committed) ? 0 : committed };
}

function timeOf(line: string): number {
  return Number(/> (-?\d{1,12}) [+-]\d{4}$/.exec(line)?.[1] ?? Number.NaN) * 1000;
}

/** Entries of a tree object in their order; stops where it is damaged. */
export function parseTree(bytes: Uint8Array, idBytes: number): TreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TreeEntry[] = [];
  for (let at = 0; at < buffer.length;) {
    const space = buffer.indexOf(0x20, at);
    const nul = space === -1 ? -1 : buffer.indexOf(0, space);
    if (nul === -1 || nul + 1 + idBytes > buffer.length) break;
    const mode = buffer.toString('latin1', at, space);
    const kind =
      mode === '40000' || mode === '040000' ? 'folder' : mode === '160000' ? 'module' : mode === '120000' ? 'link' : 'file';
    entries.push({ name: buffer.toString('utf8', space + 1, nul), id: buffer.toString('hex', nul + 1, nul + 1 + idBytes), kind });
    at = nul + 1 + idBytes;
  }
  return entries;
}
