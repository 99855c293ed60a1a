// A tree of files to the systems that it deploys. One repository usually holds several variants of one system.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { OriginSource } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { COMPOSE, composeDocuments } from './compose/format.ts';
import { planProjects, readProject } from './compose/project.ts';
import { Findings } from './findings.ts';
import type { Format, FoundDocument } from './format.ts';
import { importDocument } from './import.ts';
import type { ImportedDocument } from './import.ts';
import { buildKustomization } from './kustomize/build.ts';
import type { KustomizeBuild } from './kustomize/build.ts';
import { KustomizeFiles } from './kustomize/files.ts';
import { formatOf, isNew, loadText, objectId, textLookup } from './load.ts';
import type { SourceText } from './load.ts';
import { cleanPath, folderOf, isBelow } from '#base/paths.ts';
import { isKustomizationFile } from './kustomize/names.ts';
import { inOrder } from './read.ts';
import type { ReadOptions } from './read.ts';
import { buildSystem } from './system/build.ts';
import { Alike } from './units/alike.ts';
import { MANIFEST, isCandidate, isOtherTools, looksLikeObject } from './units/candidates.ts';
import { chartsOf, isChartFile, kustomizationRoots } from './units/charts.ts';
import type { Chart, Renderable } from './units/charts.ts';
import { fromDiagnostics, unknownKinds } from './units/coverage.ts';
import { splitPlain } from './units/split.ts';

export { renderables } from './units/charts.ts';
export type { Renderable } from './units/charts.ts';

/** A text, and for the output of a tool what it was made from. */
export interface UnitSource extends SourceText {
  readonly rendered?: Pick<Renderable, 'by' | 'root'>;
}

export interface UnitOptions extends ReadOptions {
  /** How many workloads of one file that are equal but for a number in their names are read; all when absent. The others are told. */
  readonly alikeMax?: number;
}

/** What is deployed together. */
export interface Unit {
  /** Tells it from the others, for people: a folder, a file, `.` for everything. */
  readonly name: string;
  /** Folder that it stands in; '' is the top. */
  readonly root: string;
  readonly kind: 'manifests' | 'kustomize' | 'helm' | 'compose';
  /** Every file that it was read from. */
  readonly files: readonly string[];
  readonly system: System;
  readonly diagnostics: readonly Diagnostic[];
}

/** A unit before its System is built. */
interface Draft extends Pick<Unit, 'name' | 'root' | 'kind'> {
  readonly files: string[];
  readonly documents: ImportedDocument[];
  readonly diagnostics: Diagnostic[];
  /** Folders with a kustomization that took part. */
  readonly folders?: ReadonlySet<string>;
  /** Its objects; made when first asked for. */
  taken?: Set<string>;
}

/**
 * Reads a tree: one System for each kustomization that no other takes in, each chart that is rendered or has no template actions, each
 * Compose project, and the plain manifests, split only as far as objects collide. Documents that are no manifests (Dockerfiles, OpenAPI,
 * OAuth) are in every unit. What could not be read is told, never left out in silence. Never throws for what a text says.
 *
 * @param files every file that may matter, named by its path with `/`; others are passed over
 */
export function readUnits(
  files: readonly UnitSource[],
  options: UnitOptions = {},
): { readonly units: readonly Unit[]; readonly notAnalysed: readonly NotAnalysed[] } {
  return new UnitReader(files, options).read();
}

class UnitReader {
  readonly #sources: readonly UnitSource[];
  readonly #options: UnitOptions;
  readonly #namespace: string;
  readonly #notAnalysed: NotAnalysed[] = [];
  readonly #drafts: Draft[] = [];
  readonly #foreign: ImportedDocument[] = [];
  readonly #foreignDiagnostics: Diagnostic[] = [];
  /** Documents of Kubernetes, for what is told of kinds. */
  readonly #seen: ImportedDocument[] = [];
  readonly #hashes = new WeakMap<object, string>();

  constructor(sources: readonly UnitSource[], options: UnitOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#namespace = options.defaultNamespace ?? 'default';
  }

  read(): { readonly units: readonly Unit[]; readonly notAnalysed: readonly NotAnalysed[] } {
    const written = this.#sources.filter(({ rendered, file }) => !rendered && isCandidate(file));
    this.#rendered();
    const charts = chartsOf(written);
    const ofCharts = new Set(charts.flatMap((chart) => this.#chart(chart)));
    const chartRoots = new Set(charts.map(({ root }) => root));
    const built = this.#kustomizations(written);
    const plain = written.filter(({ file }) => {
      const path = cleanPath(file);
      return (
        !ofCharts.has(file) &&
        !isChartFile(path, chartRoots) &&
        !built.has(path) &&
        !isKustomizationFile(file) &&
        !isOtherTools(path)
      );
    });
    this.#plain(plain, written);
    this.#notAnalysed.push(...unknownKinds(this.#seen));
    const units = this.#withForeign().map((draft) => this.#unit(draft));
    return { units, notAnalysed: this.#notAnalysed };
  }

  /** Output of tools: each root one unit. */
  #rendered(): void {
    const groups = Map.groupBy(
      this.#sources.filter((source) => source.rendered),
      ({ rendered }) => `${rendered!.by} ${rendered!.root}`,
    );
    for (const sources of groups.values()) {
      const { by, root } = sources[0]!.rendered!;
      const findings = new Findings();
      const documents: ImportedDocument[] = [];
      for (const source of sources)
        loadText(
          source,
          this.#load(() => {}),
          findings,
          (document) => documents.push(document),
        );
      this.#draft({
        name: root === '' ? '.' : root,
        root,
        kind: by,
        files: sources.map(({ file }) => file),
        documents,
        diagnostics: [...findings.all()],
      });
    }
  }

  #load(gather: (format: Format, found: FoundDocument) => void): Parameters<typeof loadText>[1] {
    return { defaultNamespace: this.#namespace, gather };
  }

  #draft(draft: Draft): void {
    this.#drafts.push(draft);
    this.#seen.push(...draft.documents);
    this.#notAnalysed.push(...fromDiagnostics(draft.diagnostics));
  }

  #isRendered(by: Renderable['by'], root: string): boolean {
    return this.#sources.some(({ rendered }) => rendered?.by === by && cleanPath(rendered.root) === root);
  }

  /** @returns files that need not be looked at further */
  #chart(chart: Chart): readonly string[] {
    const { root, file, templates } = chart;
    const files = templates.map((each) => each.file);
    if (this.#isRendered('helm', root) || templates.length === 0) return files;
    const text = textLookup(templates);
    const acting = templates.filter((each) => /\{\{/.test(text(each.file) ?? '{{'));
    if (acting.length > 0) {
      this.#notAnalysed.push({
        file,
        what: 'helm-template',
        message: `${acting.length} of the ${templates.length} templates of this chart must be rendered first: none of them is looked at`,
        help: `give the output of \`helm template ${root === '' ? '.' : root}\``,
        count: templates.length,
      });
      return files;
    }
    const findings = new Findings();
    const documents: ImportedDocument[] = [];
    for (const source of templates)
      loadText(
        source,
        this.#load(() => {}),
        findings,
        (document) => documents.push(document),
      );
    this.#draft({ name: root === '' ? '.' : root, root, kind: 'helm', files, documents, diagnostics: [...findings.all()] });
    return files;
  }

  /** @returns cleaned paths of the files that belong to kustomizations */
  #kustomizations(sources: readonly SourceText[]): ReadonlySet<string> {
    const files = new KustomizeFiles(sources);
    const { roots, components } = kustomizationRoots(files);
    const used = new Set<string>();
    for (const path of roots) {
      const build = buildKustomization(path, files);
      for (const each of build.used) used.add(each);
      if (!this.#isRendered('kustomize', folderOf(path))) this.#kustomized(path, build, files);
    }
    for (const path of files.kustomizations()) {
      if (used.has(path)) continue;
      if (!files.kustomization(path)) {
        this.#unreadKustomization(path, files);
        continue;
      }
      for (const each of buildKustomization(path, files).used) used.add(each);
    }
    const idle = components.filter((path) => !roots.includes(path));
    for (const path of idle)
      for (const { file } of sources)
        if (isBelow(cleanPath(file), folderOf(path)) && MANIFEST.test(file)) used.add(cleanPath(file));
    if (idle.length > 0)
      this.#notAnalysed.push({
        file: files.nameOf(idle[0]!),
        what: 'unused-component',
        message:
          idle.length === 1
            ? 'no kustomization uses this component'
            : `no kustomization uses these ${idle.length} components; this is the first`,
        help: 'they are looked at once a kustomization lists them under `components`',
        count: idle.length,
      });
    return used;
  }

  #unreadKustomization(path: string, files: KustomizeFiles): void {
    const told = fromDiagnostics(files.parse(path)?.mistakes ?? []);
    const empty: NotAnalysed = {
      file: files.nameOf(path),
      what: 'invalid',
      message: 'this kustomization says nothing: it is no mapping',
    };
    this.#notAnalysed.push(...(told.length > 0 ? told : [empty]));
  }

  #kustomized(path: string, build: KustomizeBuild, files: KustomizeFiles): void {
    const findings = new Findings();
    const documents: ImportedDocument[] = [];
    const seen = new Map<string, ImportedDocument>();
    for (const { raw, origin } of build.objects) {
      const document = importDocument(raw, origin, this.#namespace, findings);
      if (document && isNew(document, seen, findings)) documents.push(document);
    }
    for (const { what, message, location, help } of build.obstacles)
      this.#notAnalysed.push({
        file: location.file,
        line: location.line,
        what,
        message,
        ...(help === undefined ? {} : { help }),
      });
    const root = folderOf(path);
    this.#draft({
      name: root === '' ? '.' : root,
      root,
      kind: 'kustomize',
      files: [...build.used].map((each) => files.nameOf(each)),
      documents,
      diagnostics: [...findings.all()],
      folders: new Set([...build.used].filter(isKustomizationFile).map(folderOf)),
    });
  }

  /** Everything that is neither rendered nor put together: plain manifests, Compose files, and files of other formats. */
  #plain(sources: readonly SourceText[], all: readonly SourceText[]): void {
    const compose: FoundDocument[] = [];
    const others = new Map<Format, FoundDocument[]>();
    const plain: { readonly file: string; readonly documents: ImportedDocument[] }[] = [];
    const diagnostics = new Map<string, readonly Diagnostic[]>();
    const alike = new Alike(this.#options.alikeMax ?? Infinity);
    for (const source of sources) {
      const { file } = source;
      alike.enter(file);
      const findings = new Findings();
      const documents: ImportedDocument[] = [];
      let unknown: OriginSource | undefined;
      const gather = (format: Format, found: FoundDocument): void => {
        // A Compose file is one document; further ones count when they have services.
        if (format === COMPOSE) {
          if (compose.at(-1)?.file !== file || found.raw['services'] !== undefined) compose.push(found);
          return;
        }
        const list = others.get(format);
        if (list) list.push(found);
        else others.set(format, [found]);
      };
      const intercept = (raw: unknown, origin: OriginSource): boolean => {
        if (looksLikeObject(raw)) return alike.takes(raw, origin);
        if (formatOf(raw, file)) return false;
        unknown ??= origin;
        return true;
      };
      loadText(source, { ...this.#load(gather), intercept }, findings, (document, foreign) => {
        if (foreign) this.#foreign.push(document);
        else documents.push(document);
      });
      const told = findings.all();
      this.#notAnalysed.push(...fromDiagnostics(told));
      if (unknown && documents.length === 0 && !/\.json$/i.test(file))
        this.#notAnalysed.push({
          file,
          line: unknown.locate([]).line,
          what: 'unknown-format',
          message: 'nothing in this file is of a known format',
        });
      if (documents.length > 0) {
        plain.push({ file, documents });
        diagnostics.set(file, told);
      } else this.#foreignDiagnostics.push(...told);
    }
    for (const [format, found] of others) {
      const findings = new Findings();
      this.#foreign.push(...format.readAll!(found, textLookup(all), findings));
      this.#foreignDiagnostics.push(...findings.all());
    }
    this.#compose(compose, all);
    this.#named(alike, plain);
    this.#manifests(plain, diagnostics);
  }

  /** Looks at those that were left alone as one of many, and that another document names. */
  #named(alike: Alike, plain: readonly { readonly file: string; readonly documents: ImportedDocument[] }[]): void {
    const documents = [...plain.flatMap((each) => each.documents), ...this.#foreign];
    const byFile = new Map(plain.map((each) => [each.file, each.documents]));
    for (const { raw, origin, file } of alike.named(texts(documents))) {
      const document = importDocument(raw, origin, this.#namespace, new Findings());
      if (document) byFile.get(file)?.push(document);
    }
    this.#notAnalysed.push(...alike.notAnalysed());
  }

  #compose(found: readonly FoundDocument[], all: readonly SourceText[]): void {
    const textAt = textLookup(all);
    for (const plan of planProjects(found)) {
      const findings = new Findings();
      const model = readProject(plan, found, textAt, findings);
      const documents = [...composeDocuments(model)];
      const { file } = plan.overlay ? plan.layers.at(-1)! : plan.layers[0]!;
      this.#draft({
        name: file,
        root: plan.folder,
        kind: 'compose',
        files: [...model.files],
        documents,
        diagnostics: [...findings.all()],
      });
    }
  }

  #manifests(
    plain: readonly { readonly file: string; readonly documents: readonly ImportedDocument[] }[],
    told: ReadonlyMap<string, readonly Diagnostic[]>,
  ): void {
    for (const { documents } of plain) this.#seen.push(...documents);
    const { units, left } = splitPlain(
      plain.filter((each) => !this.#beside(each.file, each.documents, told.get(each.file) ?? [])),
    );
    if (left.length > 0)
      this.#notAnalysed.push({
        file: left[0]!,
        what: 'too-many-variants',
        message: 'too many files hold other versions of the same objects: these are in no system',
        help: 'give one environment at a time',
        count: left.length,
      });
    for (const { name, root, documents, files } of units) {
      const diagnostics = files.flatMap((file) => told.get(file) ?? []);
      if (this.#joined(documents, files, diagnostics)) continue;
      this.#drafts.push({ name, root, kind: 'manifests', files: [...files], documents: [...documents], diagnostics });
    }
  }

  /** A manifest that stands beside a kustomization without being listed is applied by other means, to the same system. */
  #beside(file: string, documents: readonly ImportedDocument[], told: readonly Diagnostic[]): boolean {
    const folder = folderOf(cleanPath(file));
    let found = false;
    for (const draft of this.#drafts) if (draft.folders?.has(folder) && this.#add(draft, [file], documents, told)) found = true;
    return found;
  }

  /** Adds documents to a draft, unless one of their objects is in it. */
  #add(draft: Draft, files: readonly string[], documents: readonly ImportedDocument[], told: readonly Diagnostic[]): boolean {
    const taken = (draft.taken ??= new Set(draft.documents.map(objectId)));
    if (documents.some((document) => taken.has(objectId(document)))) return false;
    for (const document of documents) taken.add(objectId(document));
    draft.documents.push(...documents);
    draft.files.push(...files);
    draft.diagnostics.push(...told);
    return true;
  }

  /** Policies and gateways without a workload of their own belong to the rendered systems whose namespaces they speak about. */
  #joined(documents: readonly ImportedDocument[], files: readonly string[], told: readonly Diagnostic[]): boolean {
    if (documents.some(({ part }) => part?.type === 'workload' || part?.type === 'service')) return false;
    const namespaces = new Set(documents.map(({ resource }) => resource.metadata.namespace).filter((each) => each !== ''));
    let found = false;
    for (const draft of this.#drafts) {
      if (draft.kind !== 'kustomize' && draft.kind !== 'helm') continue;
      const here = draft.documents.some(({ resource }) => namespaces.has(resource.metadata.namespace));
      if (!here || !this.#add(draft, files, documents, told)) continue;
      found = true;
    }
    return found;
  }

  /** Dockerfiles, specifications and the like say something about every unit. */
  #withForeign(): readonly Draft[] {
    if (this.#foreign.length === 0) return this.#drafts;
    if (this.#drafts.length === 0)
      this.#drafts.push({
        name: '.',
        root: '',
        kind: 'manifests',
        files: [],
        documents: [],
        diagnostics: [...this.#foreignDiagnostics],
      });
    for (const draft of this.#drafts) draft.documents.push(...this.#foreign);
    return this.#drafts;
  }

  #unit(draft: Draft): Unit {
    const findings = new Findings();
    const seen = new Map<string, ImportedDocument>();
    const documents = draft.documents.filter((document) => isNew(document, seen, findings));
    const system = buildSystem(documents, this.#options.mesh ?? {}, findings, this.#hashes);
    const { name, root, kind, files } = draft;
    return { name, root, kind, files, system, diagnostics: inOrder([...draft.diagnostics, ...findings.all()], this.#sources) };
  }
}

function* texts(documents: readonly ImportedDocument[]): Generator<string> {
  for (const { resource } of documents) yield JSON.stringify(resource);
}
