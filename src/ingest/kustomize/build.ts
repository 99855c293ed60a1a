// A kustomization with everything below it, built as `kustomize build` does, as far as texts alone allow.
import type { OriginSource } from '#model/origin.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import { folderOf, joinPath } from '#base/paths.ts';
import { shorten } from '../scope.ts';
import { Trace, childMark, locateMark, rootMark } from '../trace.ts';
import type { Mark, Tree } from '../trace.ts';
import type { KustomizeFiles } from './files.ts';
import { generate, nameHash } from './generate.ts';
import type { KustomizeObject, Obstacle } from './object.ts';
import { kindOfObject, listAt, nameOf, namespaceOf, objectAt, textAt, textPairs } from './object.ts';
import { applyPatches } from './patch.ts';
import { moveReferences, rename } from './references.ts';
import { replaceValues } from './replace.ts';
import { addAnnotations, addLabels, setImages, setNamespace, setReplicas } from './transform.ts';

export interface KustomizeBuild {
  readonly objects: readonly { readonly raw: RawObject; readonly origin: OriginSource }[];
  /** Paths of the files that took part, cleaned. */
  readonly used: ReadonlySet<string>;
  readonly obstacles: readonly Obstacle[];
}

const DEPTH_MAX = 32;
const OBJECTS_MAX = 50_000;
/** Kustomizations in kustomizations, each time they are taken in. */
const LEVELS_MAX = 5000;
/** Of the files that objects come from, each time they are taken in. */
const BYTES_MAX = 64 * 1024 * 1024;
/** Objects that selectors are held against. */
const SELECTIONS_MAX = 1_000_000;
const OBSTACLES_MAX = 500;
/** Kinds whose names a prefix does not change. */
const UNPREFIXED = new Set(['CustomResourceDefinition', 'APIService', 'Namespace']);

/**
 * Builds the kustomization in a file. Never throws for what texts say; what cannot be done is told and left out.
 * @param path cleaned path of the kustomization file
 */
export function buildKustomization(path: string, files: KustomizeFiles): KustomizeBuild {
  const build = new Build(files);
  const objects = build.folder(path, [], []);
  rename(build.trace, objects, (object) => (object.hashed ? `${nameOf(object)}-${nameHash(object.tree)}` : undefined));
  return {
    objects: objects.map(({ tree }) => ({ raw: tree, origin: build.trace.origin(tree) })),
    used: build.used,
    obstacles: build.obstacles,
  };
}

/** Paths that a kustomization names as resources, components and the like, resolved. */
export function namedFolders(path: string, files: KustomizeFiles): readonly string[] {
  const raw = files.kustomization(path)?.raw;
  return [...listAt(raw, 'resources'), ...listAt(raw, 'bases'), ...listAt(raw, 'components')]
    .filter((each): each is string => typeof each === 'string')
    .map((each) => joinPath(folderOf(path), each));
}

/** `github.com/a/b//c?ref=v1`, `https://…`, `git@…`: what only the network has. */
export function isRemote(path: string): boolean {
  return /^(?:[a-z+]{2,10}:\/\/|git@|git::|(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)[/:])|\?ref=|\.git(?:\/\/|$)/i.test(
    path,
  );
}

/** An address without the name and password that may stand in it. */
function withoutUser(address: string): string {
  return address.replace(/\/\/[^/@\s]{1,500}@/, '//');
}

class Build {
  readonly trace = new Trace();
  readonly used = new Set<string>();
  readonly obstacles: Obstacle[] = [];
  readonly #files: KustomizeFiles;
  #made = 0;
  #levels = 0;
  #bytes = 0;
  #selections = 0;

  constructor(files: KustomizeFiles) {
    this.#files = files;
  }

  /** @param start what a component is laid over @param above kustomizations that are being built */
  folder(path: string, start: KustomizeObject[], above: readonly string[]): KustomizeObject[] {
    const document = this.#files.kustomization(path);
    this.used.add(path);
    for (const mistake of this.#files.parse(path)?.mistakes ?? []) {
      if (mistake.severity === 'error' && mistake.location)
        this.tell({ what: 'unparsed', message: mistake.message, location: mistake.location });
    }
    if (!document) return start;
    if (++this.#levels > LEVELS_MAX) {
      this.#tooLarge(document.origin);
      return start;
    }
    const level = new Level(this, this.#files, path, document.raw as RawObject, document.origin, [...above, path]);
    return level.build(start);
  }

  tell(obstacle: Obstacle): void {
    if (this.obstacles.length < OBSTACLES_MAX) this.obstacles.push(obstacle);
  }

  /** Whether a file with so many objects may still be taken in. */
  room(objects: number, path: string, origin: OriginSource): boolean {
    this.#made += objects;
    this.#bytes += this.#files.size(path);
    if (this.#made <= OBJECTS_MAX && this.#bytes <= BYTES_MAX) return true;
    this.#tooLarge(origin);
    return false;
  }

  /** Whether so many objects may still be held against a selector. */
  spend(objects: number, origin: OriginSource): boolean {
    this.#selections += objects;
    if (this.#selections <= SELECTIONS_MAX) return true;
    this.#tooLarge(origin);
    return false;
  }

  #tooLarge(origin: OriginSource): void {
    if (this.obstacles.some(({ what }) => what === 'too-large')) return;
    this.tell({
      what: 'too-large',
      message: 'this kustomization takes in more than is built here: the rest is left out',
      help: 'give the output of `kustomize build`',
      location: origin.locate([]),
    });
  }
}

/** One kustomization file. */
class Level {
  readonly #build: Build;
  readonly #files: KustomizeFiles;
  readonly #folder: string;
  readonly #path: string;
  readonly #raw: RawObject;
  readonly #mark: Mark;
  readonly #above: readonly string[];
  #objects: KustomizeObject[] = [];

  constructor(build: Build, files: KustomizeFiles, path: string, raw: RawObject, origin: OriginSource, above: readonly string[]) {
    this.#build = build;
    this.#files = files;
    this.#path = path;
    this.#folder = folderOf(path);
    this.#raw = raw;
    this.#mark = rootMark(origin);
    this.#above = above;
  }

  /** kustomize's own order: resources, generators, components, then the transformers. */
  build(start: KustomizeObject[]): KustomizeObject[] {
    const { trace } = this.#build;
    this.#objects = start;
    this.#unsupported();
    this.#each(['resources', 'bases'], (path, mark) => this.#resource(path, mark));
    this.#generators();
    this.#each(['components'], (path, mark) => this.#component(path, mark));
    this.#patches();
    this.#namespace();
    this.#names();
    for (const change of this.#labelChanges()) addLabels(trace, this.#objects, change);
    const annotations = this.#raw['commonAnnotations'];
    if (isObject(annotations))
      addAnnotations(trace, this.#objects, {
        pairs: textPairs(annotations),
        selectors: false,
        templates: true,
        markOf: this.#marksOf('commonAnnotations'),
      });
    this.#entries('replicas', (entry, mark) => {
      if (!this.#build.spend(this.#objects.length, this.#mark.source)) return;
      if (!setReplicas(trace, this.#objects, textAt(entry, 'name'), entry['count'], childMark(mark, 'count')))
        this.#tell('kustomize', `there is no workload \`${shorten(textAt(entry, 'name'))}\` for these \`replicas\``, mark);
    });
    const changes: Parameters<typeof setImages>[2][number][] = [];
    this.#entries('images', (entry, mark) => {
      const [name, newName, newTag, digest, tagSuffix] = ['name', 'newName', 'newTag', 'digest', 'tagSuffix'].map((key) =>
        textAt(entry, key),
      ) as [string, string, string, string, string];
      changes.push({ change: { name, newName, newTag, digest, tagSuffix }, mark });
    });
    setImages(trace, this.#objects, changes);
    this.#replacements();
    return this.#objects;
  }

  #tell(what: string, message: string, mark: Mark, help?: string): void {
    this.#build.tell({ what, message, location: locateMark(mark), ...(help === undefined ? {} : { help }) });
  }

  #at(...path: readonly (string | number)[]): Mark {
    return path.reduce<Mark>((mark, key) => childMark(mark, key), this.#mark);
  }

  #marksOf(...path: readonly (string | number)[]): (key: string) => Mark {
    return (key) => childMark(this.#at(...path), key);
  }

  #each(members: readonly string[], work: (path: string, mark: Mark) => void): void {
    for (const member of members)
      for (const [i, path] of listAt(this.#raw, member).entries()) if (typeof path === 'string') work(path, this.#at(member, i));
  }

  #entries(member: string, work: (entry: RawObject, mark: Mark) => void): void {
    for (const [i, entry] of listAt(this.#raw, member).entries()) if (isObject(entry)) work(entry, this.#at(member, i));
  }

  #unsupported(): void {
    const HELP = 'give the output of `kustomize build`';
    for (const member of ['helmCharts', 'helmChartInflationGenerator'])
      this.#entries(member, (entry, mark) =>
        this.#tell(
          'helm-template',
          `the chart \`${shorten(textAt(entry, 'name') || textAt(entry, 'chartName'))}\` is not rendered`,
          mark,
          'give the output of `kustomize build --enable-helm`',
        ),
      );
    for (const member of ['generators', 'transformers']) {
      if (listAt(this.#raw, member).length > 0)
        this.#tell('kustomize', `\`${member}\` are plugins, which are not run`, this.#at(member), HELP);
    }
    if (listAt(this.#raw, 'vars').length > 0)
      this.#tell(
        'kustomize',
        '`vars` are not put in',
        this.#at('vars'),
        'use `replacements`, or give the output of `kustomize build`',
      );
  }

  #resource(path: string, mark: Mark): void {
    const wanted = joinPath(this.#folder, path);
    const below = this.#files.kustomizationIn(wanted);
    if (below !== undefined)
      this.#below(below, mark, (start) => this.#objects.push(...this.#build.folder(below, start, this.#above)));
    else if (this.#files.has(wanted)) this.#file(wanted);
    else if (isRemote(path))
      this.#tell(
        'remote-base',
        `\`${shorten(withoutUser(path))}\` is not in these files: what it adds is unknown`,
        mark,
        'give the output of `kustomize build`',
      );
    else this.#tell('missing', `\`${shorten(path)}\` is not among the files`, mark);
  }

  #below(path: string, mark: Mark, work: (start: KustomizeObject[]) => void): void {
    if (this.#above.includes(path) || this.#above.length > DEPTH_MAX)
      this.#tell('kustomize', 'kustomizations stand inside each other without end', mark);
    else work([]);
  }

  #file(path: string): void {
    this.#build.used.add(path);
    const parsed = this.#files.parse(path);
    for (const mistake of parsed?.mistakes ?? []) {
      if (mistake.severity === 'error' && mistake.location)
        this.#build.tell({
          what: 'unparsed',
          message: mistake.message,
          location: mistake.location,
          ...(mistake.help === undefined ? {} : { help: mistake.help }),
        });
    }
    const documents = parsed?.documents ?? [];
    if (!this.#build.room(documents.length, path, this.#mark.source)) return;
    for (const { raw, origin } of documents) {
      if (!isObject(raw)) continue;
      this.#objects.push({ tree: this.#build.trace.copy(raw, rootMark(origin)) as Tree, formerNames: [], hashed: false });
    }
  }

  #component(path: string, mark: Mark): void {
    const wanted = joinPath(this.#folder, path);
    const below = this.#files.kustomizationIn(wanted);
    if (below !== undefined)
      this.#below(below, mark, () => {
        this.#objects = this.#build.folder(below, this.#objects, this.#above);
      });
    else if (isRemote(path))
      this.#tell('remote-base', `\`${shorten(withoutUser(path))}\` is not in these files: what it adds is unknown`, mark);
    else this.#tell('missing', `\`${shorten(path)}\` is not among the files`, mark);
  }

  #generators(): void {
    const options = this.#raw['generatorOptions'];
    const readFile = (file: string): string | undefined => {
      const path = joinPath(this.#folder, file);
      if (this.#files.has(path)) this.#build.used.add(path);
      return this.#files.text(path);
    };
    for (const [member, kind] of [
      ['configMapGenerator', 'ConfigMap'],
      ['secretGenerator', 'Secret'],
    ] as const) {
      this.#entries(member, (entry, mark) => {
        const wrong = generate(this.#build.trace, this.#objects, kind, entry as Tree, mark, options, readFile);
        if (wrong !== undefined) this.#tell('kustomize', `this generator is left out: ${wrong}`, mark);
      });
    }
  }

  #patches(): void {
    this.#objects = applyPatches(
      {
        trace: this.#build.trace,
        files: this.#files,
        folder: this.#folder,
        use: (path) => this.#build.used.add(path),
        tell: (what, message, mark) => this.#tell(what, message, mark),
        spend: () => this.#build.spend(this.#objects.length, this.#mark.source),
        mark: this.#mark,
      },
      this.#raw,
      this.#objects,
    );
  }

  #namespace(): void {
    const { namespace } = this.#raw;
    if (typeof namespace !== 'string' || namespace === '') return;
    const { trace } = this.#build;
    const moved = new Map<string, string>();
    for (const object of this.#objects) {
      const kind = kindOfObject(object);
      if (kind !== 'ServiceAccount' && kind !== 'Service') continue;
      for (const old of [namespaceOf(object), ...(namespaceOf(object) === '' ? ['default'] : [])])
        moved.set(`${kind} ${old}/${nameOf(object)}`, namespace);
    }
    setNamespace(trace, this.#objects, namespace, this.#at('namespace'));
    moveReferences(trace, this.#objects, moved);
  }

  #names(): void {
    const [prefix, suffix] = [textAt(this.#raw, 'namePrefix'), textAt(this.#raw, 'nameSuffix')];
    if (prefix === '' && suffix === '') return;
    rename(this.#build.trace, this.#objects, (object) => {
      const name = nameOf(object);
      return name === '' || UNPREFIXED.has(kindOfObject(object)) ? undefined : `${prefix}${name}${suffix}`;
    });
  }

  *#labelChanges(): Generator<Parameters<typeof addLabels>[2]> {
    const common = this.#raw['commonLabels'];
    if (isObject(common))
      yield { pairs: textPairs(common), selectors: true, templates: true, markOf: this.#marksOf('commonLabels') };
    for (const [i, entry] of listAt(this.#raw, 'labels').entries()) {
      const pairs = objectAt(entry, 'pairs');
      if (!pairs || !isObject(entry)) continue;
      const selectors = entry['includeSelectors'] === true;
      yield {
        pairs: textPairs(pairs),
        selectors,
        templates: selectors || entry['includeTemplates'] === true,
        markOf: this.#marksOf('labels', i, 'pairs'),
      };
    }
  }

  #replacements(): void {
    const { trace } = this.#build;
    this.#entries('replacements', (entry, mark) => {
      const path = textAt(entry, 'path');
      const wanted = joinPath(this.#folder, path);
      const documents = path === '' ? [trace.copy(entry, mark)] : this.#replacementFile(wanted, mark);
      for (const each of documents) {
        if (!this.#build.spend(this.#objects.length * (1 + listAt(each, 'targets').length), this.#mark.source)) return;
        const wrong = replaceValues(trace, this.#objects, each);
        if (wrong !== undefined) this.#tell('kustomize', `this replacement is left out: ${wrong}`, mark);
      }
    });
  }

  #replacementFile(path: string, mark: Mark): readonly unknown[] {
    const parsed = this.#files.parse(path);
    if (!parsed) {
      this.#tell('missing', 'the file of this replacement is not among the files', mark);
      return [];
    }
    this.#build.used.add(path);
    return parsed.documents.flatMap(({ raw, origin }) => {
      const copy = this.#build.trace.copy(raw, rootMark(origin));
      return Array.isArray(copy) ? (copy as readonly unknown[]) : [copy];
    });
  }

  get path(): string {
    return this.#path;
  }
}
