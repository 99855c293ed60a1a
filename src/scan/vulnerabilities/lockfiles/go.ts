// go.mod: since Go 1.17 it lists every module of the build. go.sum alone does not: it also holds versions that were only looked at.
import { folderOf } from '#base/paths.ts';
import { PackageGraph } from '../graph.ts';
import { treePath, named, problem } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';
import type { Diagnostic } from '#model/diagnostic.ts';

interface Module {
  path: string;
  version: string;
  readonly line: number;
  readonly indirect: boolean;
}

interface GoMod {
  module: string;
  go: string;
  goLine: number;
  toolchain: string;
  readonly required: Module[];
  readonly replaced: Map<string, { readonly path: string; readonly version: string }>;
}

export const GO_MOD = {
  name: 'go.mod',
  ecosystem: 'Go',
  matches: named('go.mod'),
  read(file, text, context): LockfileRead {
    const mod = parse(text);
    const hashes = sums(context.text(treePath(folderOf(file), 'go.sum')));
    const graph = new PackageGraph('Go', file);
    for (const { path, version, line, indirect } of mod.required) {
      const other = mod.replaced.get(`${path}@${version}`) ?? mod.replaced.get(path);
      // A folder in place of a module is the team's own code.
      if (other && other.version === '') continue;
      const at = other ?? { path, version };
      const hash = hashes.get(`${at.path} ${at.version}`);
      graph.add(at.path, { name: at.path, version: at.version, line, direct: !indirect, ...(hash && { hashes: [hash] }) });
    }
    const toolchain = /^go(\d+\.\d+(?:\.\d+)?)/.exec(mod.toolchain)?.[1] ?? (/^\d+\.\d+\.\d+/.test(mod.go) ? mod.go : '');
    if (toolchain !== '') graph.add('stdlib', { name: 'stdlib', version: toolchain, line: mod.goLine, direct: true });
    const diagnostics: Diagnostic[] = [];
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(mod.go) ?? [];
    const complete = Number(major) > 1 || Number(minor) >= 17;
    if (!complete && mod.required.length > 0)
      diagnostics.push(
        problem(
          file,
          mod.goLine,
          '`go.mod` before Go 1.17 lists direct modules only: what they need is not analysed exactly',
          'run `go mod tidy -go=1.17` or later',
        ),
      );
    return { packages: graph.packages(), diagnostics, exact: complete, project: { name: mod.module, version: '' } };
  },
} satisfies LockfileReader;

function parse(text: string): GoMod {
  const mod: GoMod = { module: '', go: '', goLine: 1, toolchain: '', required: [], replaced: new Map() };
  let block = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const comment = raw.indexOf('//');
    const words = (comment === -1 ? raw : raw.slice(0, comment))
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^["`]|["`]$/g, ''));
    if (words[0] === '') continue;
    if (block === '' && words[1] === '(') {
      block = words[0]!;
      continue;
    }
    if (words[0] === ')') {
      block = '';
      continue;
    }
    const [verb, ...rest] = block === '' ? words : [block, ...words];
    const line = index + 1;
    if (verb === 'module') mod.module = rest[0] ?? '';
    else if (verb === 'go') [mod.go, mod.goLine] = [rest[0] ?? '', line];
    else if (verb === 'toolchain') [mod.toolchain, mod.goLine] = [rest[0] ?? '', line];
    else if (verb === 'require' && rest.length >= 2)
      mod.required.push({
        path: rest[0]!,
        version: rest[1]!,
        line,
        indirect: /^\/\/\s*indirect\b/.test(raw.slice(comment)) && comment !== -1,
      });
    else if (verb === 'replace') {
      const arrow = rest.indexOf('=>');
      const from = rest.slice(0, arrow);
      const to = rest.slice(arrow + 1);
      if (arrow > 0 && to[0] !== undefined) mod.replaced.set(from.slice(0, 2).join('@'), { path: to[0], version: to[1] ?? '' });
    }
  }
  return mod;
}

function sums(text: string | undefined): ReadonlyMap<string, { readonly algorithm: string; readonly hex: string }> {
  const found = new Map<string, { algorithm: string; hex: string }>();
  for (const line of (text ?? '').split('\n')) {
    const match = /^(\S+) (\S+) h1:([A-Za-z0-9+/]{43}=)$/.exec(line.trim());
    if (match) found.set(`${match[1]} ${match[2]}`, { algorithm: 'h1', hex: Buffer.from(match[3]!, 'base64').toString('hex') });
  }
  return found;
}
