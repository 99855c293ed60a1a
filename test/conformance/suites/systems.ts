// Real systems as their authors publish them: everything that is written is seen or named as not analysed, and every grave finding has
// been read by a person, with a verdict and the reason for it.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { analyse } from '#app/scan/analyse.ts';
import { resultOf } from '#app/scan/result.ts';
import { originOf } from '#model/origin.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import type { Resource } from '#model/resource.ts';
import { EMPTY_BASELINE } from '#scan/judge/baseline.ts';
import { DEFAULT_TERMS } from '#scan/judge/terms.ts';
import { MUTANTS_NOW } from '../mutants/now.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Listed {
  readonly name: string;
  readonly plain: { readonly kinds: Readonly<Record<string, number>>; readonly images: number };
}

interface Reviewed {
  readonly system: string;
  readonly severity: string;
  readonly code: string;
  readonly subject: string;
  readonly file: string;
  readonly verdict: 'real' | 'noise';
  readonly why: string;
}

/** Grave findings that a reviewer would not have wanted to see, over all systems. */
const NOISE_MAX = 3;
/** Read by other parts than the System: kustomizations are carried out, lists are taken apart. */
const CARRIED_OUT: ReadonlySet<string> = new Set(['Kustomization', 'Component', 'List']);

interface Written {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly images: readonly string[];
  /** The whole document, however it was laid out. */
  readonly body: string;
}

export const suite = {
  name: 'systems',
  needs: 'systems/index.json',
  run({ dir }) {
    const index = JSON.parse(readFileSync(join(dir, 'systems', 'index.json'), 'utf8')) as readonly Listed[];
    const table = JSON.parse(
      readFileSync(join(import.meta.dirname, '..', 'systems-reviewed.json'), 'utf8'),
    ) as readonly Reviewed[];
    const rows = index.flatMap((listed) => judge(join(dir, 'systems'), listed, table));
    const noise = table.filter(({ verdict }) => verdict === 'noise');
    rows.push(
      row('all/noise', noise.length <= NOISE_MAX, `${noise.length} of the grave findings are noise; ${NOISE_MAX} are allowed`),
    );
    return Promise.resolve(rows);
  },
} satisfies Suite;

const row = (id: string, pass: boolean, why: string): RowResult => ({ id, pass, ...(!pass && { why }) });

function judge(dir: string, { name, plain }: Listed, table: readonly Reviewed[]): RowResult[] {
  const paths = readdirSync(join(dir, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
  const files = paths.map((path) => ({ path, bytes: readFileSync(join(dir, path)), stamp: '' }));
  const { data, units } = analyse(files, { nowMs: MUTANTS_NOW });
  const { findings, notAnalysed } = resultOf(data, {
    version: '0',
    target: name,
    nowMs: MUTANTS_NOW,
    baseline: EMPTY_BASELINE,
    terms: DEFAULT_TERMS,
    suppressions: [],
    notAnalysed: [],
  });
  const written = files.flatMap(({ path, bytes }) => documentsOf(path, bytes.toString('utf8')));
  const resources = units.flatMap(({ system }) => system.resources);
  const images = new Set(
    units.flatMap(({ system }) => system.workloads.flatMap(({ containers }) => containers.map(({ image }) => image))),
  );
  return [
    ...kindRows(name, plain.kinds, written),
    ...seenRows(name, written, resources, notAnalysed),
    ...imageRows(name, plain.images, written, images, notAnalysed),
    ...notAnalysed.map((one) =>
      row(`${name}/not-analysed/${one.what}/${one.file}:${one.line ?? 0}`, isSensible(one, paths), one.message),
    ),
    ...reviewRows(name, findings, table),
  ];
}

/** The counts of the index are those of another reader: ours must not have lost any. */
function kindRows(name: string, kinds: Listed['plain']['kinds'], written: readonly Written[]): RowResult[] {
  return Object.entries(kinds).map(([kind, count]) => {
    const found = written.filter((one) => one.kind === kind).length;
    return row(`${name}/kind/${kind}`, found >= count, `${found} of ${count} are found in the files`);
  });
}

function seenRows(
  name: string,
  written: readonly Written[],
  resources: readonly Resource[],
  passed: readonly NotAnalysed[],
): RowResult[] {
  const seen = new Set(resources.map((resource) => key(originOf(resource)?.file ?? '', resource.kind, resource.metadata.name)));
  const isSeen = (one: Written): boolean => seen.has(key(one.file, one.kind, one.name));
  // The same document twice in one system is read once.
  const bodies = new Set(written.filter(isSeen).map(({ body }) => body));
  return written
    .filter((one) => !CARRIED_OUT.has(one.kind))
    .map((one) => {
      const pass = isSeen(one) || bodies.has(one.body) || passed.some((entry) => covers(entry, one.file));
      return row(
        `${name}/seen/${one.file}/${one.kind}/${one.name}`,
        pass,
        'it is in no system, and nothing says that it was not analysed',
      );
    });
}

function imageRows(
  name: string,
  count: number,
  written: readonly Written[],
  images: ReadonlySet<string>,
  passed: readonly NotAnalysed[],
): RowResult[] {
  const wanted = new Set(written.filter(({ file }) => !passed.some((entry) => covers(entry, file))).flatMap((one) => one.images));
  const all = new Set(written.flatMap((one) => one.images));
  return [
    row(`${name}/images`, all.size >= count, `${all.size} of ${count} images are found in the files`),
    ...[...wanted].map((image) => row(`${name}/image/${image}`, images.has(image), 'no workload runs it')),
  ];
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const key = (...parts: readonly string[]): string => parts.join(' ');

function documentsOf(path: string, text: string): Written[] {
  if (!/\.ya?ml$/.test(path)) return [];
  let documents: unknown[];
  try {
    documents = loadAll(text);
  } catch {
    return []; // A template; that it was passed over is a row of its own.
  }
  return documents
    .flatMap((value) => itemsOf(value))
    .flatMap((value) => {
      if (typeof value !== 'object' || value === null) return [];
      const { kind, apiVersion, metadata, spec } = value as Readonly<Record<string, unknown>>;
      if (typeof kind !== 'string' || typeof apiVersion !== 'string') return [];
      const { name } = (metadata ?? {}) as { readonly name?: unknown };
      return [{ file: path, kind, name: typeof name === 'string' ? name : '', images: imagesIn(spec), body: canonical(value) }];
    });
}

function itemsOf(value: unknown): readonly unknown[] {
  const { kind, items } = (value ?? {}) as { readonly kind?: unknown; readonly items?: unknown };
  return kind === 'List' && Array.isArray(items) ? [value, ...(items as readonly unknown[])] : [value];
}

function imagesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    (name === 'containers' || name === 'initContainers') && Array.isArray(inner)
      ? inner.flatMap((container: { readonly image?: unknown } | null) =>
          typeof container?.image === 'string' ? [container.image] : [],
        )
      : imagesIn(inner),
  );
}

/** A file that is named, all of a chart, all components beside the one that is named for them. */
function covers({ file, what }: NotAnalysed, path: string): boolean {
  if (file === path) return true;
  if (what === 'helm-template') return path.startsWith(`${dirname(file)}/`);
  return what === 'unused-component' && path.startsWith(`${dirname(dirname(file))}/`);
}

/** It names a file that is there, says why in words, and is no file that holds a plain manifest of a known kind. */
function isSensible({ file, what, message }: NotAnalysed, paths: readonly string[]): boolean {
  return paths.includes(file) && /^[a-z-]+$/.test(what) && message.length > 10 && !/undefined|\[object/.test(message);
}

function reviewRows(system: string, findings: readonly Finding[], table: readonly Reviewed[]): RowResult[] {
  const own = table.filter((one) => one.system === system);
  const grave = findings.filter(({ severity }) => severity === 'critical' || severity === 'high');
  const same = (one: Reviewed, { severity, code, subject, location }: Finding): boolean =>
    one.severity === severity && one.code === code && one.subject === subject && one.file === location?.file;
  return [
    ...grave.map((finding) => {
      const known = own.find((one) => same(one, finding));
      const id = `${system}/reviewed/${finding.code}/${finding.subject}/${finding.location?.file ?? ''}`;
      return row(id, known !== undefined && known.why.length > 20, `nobody has judged: ${finding.severity} ${finding.title}`);
    }),
    ...own.map((one) =>
      row(
        `${system}/told/${one.code}/${one.subject}/${one.file}`,
        grave.some((finding) => same(one, finding)),
        'it was judged, and is told no more',
      ),
    ),
  ];
}
