// Which Compose files belong together, and what they say together.
import type { OriginSource } from '#model/origin.ts';
import { isObject, kindOf } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Findings } from '../findings.ts';
import type { FoundDocument } from '../format.ts';
import { baseOf, folderOf, joinPath } from '#base/paths.ts';
import { Trace, childMark, locateMark, rootMark } from '../trace.ts';
import type { Mark, Tree } from '../trace.ts';
import { readDotenv } from './dotenv.ts';
import { interpolate, saysSecret } from './interpolate.ts';
import { textOf } from './long-form.ts';
import type { Tell } from './long-form.ts';
import { mergeService, normaliseService } from './normalise.ts';

/** Text of a file among the sources, by its cleaned path. */
export type TextOf = (file: string) => string | undefined;

/** Files that Compose would read together, in the order of merging. */
export interface ComposePlan {
  readonly folder: string;
  readonly layers: readonly FoundDocument[];
  /** It changes services of the layers before it, and has no meaning without them. */
  readonly overlay: boolean;
}

export interface ComposeModel {
  readonly name: string;
  readonly services: ReadonlyMap<string, Tree>;
  /** `networks`, `volumes`, `secrets`, `configs`, merged. */
  readonly top: Tree;
  readonly trace: Trace;
  readonly files: readonly string[];
}

const SERVICES_MAX = 200;
/** Services that extend each other in a row, and extensions of one project altogether. */
const EXTENDS_MAX = 8;
const EXTENSIONS_MAX = 4000;
/** Characters that values of `.env` may add to one project; beyond that they stay as they are written. */
const EXPANDED_MAX = 4 * 1024 * 1024;
/** In the order in which Compose looks for them. */
const MAIN_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const OVERRIDE = /^(?:docker-)?compose\.override\.ya?ml$/;

/** Sorts the documents of all folders into what would be started together. */
export function planProjects(found: readonly FoundDocument[]): readonly ComposePlan[] {
  const plans: ComposePlan[] = [];
  const included = new Set(found.flatMap((document) => usedFiles(document)));
  for (const [folder, documents] of Map.groupBy(found, (document) => folderOf(document.file))) {
    const main = MAIN_NAMES.map((name) => documents.find((each) => baseOf(each.file) === name)).find(
      (each) => each !== undefined,
    );
    const override = main && documents.find((each) => OVERRIDE.test(baseOf(each.file)));
    if (main) plans.push({ folder, layers: override ? [main, override] : [main], overlay: false });
    for (const document of documents) {
      if (document === main || document === override || included.has(document.file)) continue;
      const overlay = main !== undefined && needs(document.raw, main.raw);
      plans.push({ folder, layers: overlay ? [main, document] : [document], overlay });
    }
  }
  return plans;
}

/** Files that a document takes in by `include` or `extends`. */
function usedFiles({ raw, file }: FoundDocument): string[] {
  const paths: string[] = includes(raw).flatMap((each) => each.paths);
  for (const service of Object.values(isObject(raw['services']) ? raw['services'] : {})) {
    const extended = isObject(service) && isObject(service['extends']) ? service['extends']['file'] : undefined;
    if (typeof extended === 'string') paths.push(extended);
  }
  return paths.map((path) => joinPath(folderOf(file), path)).filter((path) => path !== file);
}

function includes(raw: RawObject): { readonly paths: readonly string[]; readonly at: number }[] {
  const list: unknown = raw['include'];
  return (Array.isArray(list) ? (list as readonly unknown[]) : []).slice(0, 100).map((item, at) => {
    const path: unknown = isObject(item) ? item['path'] : item;
    return { at, paths: (Array.isArray(path) ? path : [path]).filter((each): each is string => typeof each === 'string') };
  });
}

/** Whether a file only makes sense on top of another: it changes its services without an image, or depends on them. */
function needs(raw: RawObject, main: RawObject): boolean {
  const own = isObject(raw['services']) ? raw['services'] : {};
  const others = isObject(main['services']) ? main['services'] : {};
  return Object.entries(own).some(([name, service]) => {
    if (!isObject(service)) return false;
    if (!['image', 'build', 'extends'].some((key) => key in service)) return Object.hasOwn(others, name) || name in others;
    const depends: unknown = service['depends_on'];
    const names = Array.isArray(depends) ? (depends as readonly unknown[]) : isObject(depends) ? Object.keys(depends) : [];
    return names.some((each) => typeof each === 'string' && !(each in own) && each in others);
  });
}

/** Reads, puts values in and merges the files of one plan. */
export function readProject(plan: ComposePlan, found: readonly FoundDocument[], textAt: TextOf, out: Findings): ComposeModel {
  return new ProjectReader(plan, found, textAt, out).read();
}

const filesOf = new WeakMap<readonly FoundDocument[], ReadonlyMap<string, FoundDocument>>();

/** The same for every project of one tree. */
function byFile(found: readonly FoundDocument[]): ReadonlyMap<string, FoundDocument> {
  const files = filesOf.get(found) ?? new Map(found.map((document) => [document.file, document]));
  filesOf.set(found, files);
  return files;
}

class ProjectReader {
  readonly #plan: ComposePlan;
  readonly #byFile: ReadonlyMap<string, FoundDocument>;
  readonly #textAt: TextOf;
  readonly #out: Findings;
  readonly #trace = new Trace();
  readonly #services = new Map<string, Tree>();
  readonly #top: Tree = {};
  readonly #files: string[] = [];
  readonly #variables: ReadonlyMap<string, string>;
  #expanded = 0;
  #extensions = 0;

  constructor(plan: ComposePlan, found: readonly FoundDocument[], textAt: TextOf, out: Findings) {
    this.#plan = plan;
    this.#byFile = byFile(found);
    this.#textAt = textAt;
    this.#out = out;
    const file = joinPath(plan.folder, '.env');
    const text = textAt(file);
    this.#variables = text === undefined ? new Map() : readDotenv(text);
    if (text !== undefined) this.#files.push(file);
  }

  read(): ComposeModel {
    const [main] = this.#plan.layers;
    const named = this.#plan.layers.findLast(({ raw }) => typeof raw['name'] === 'string')?.raw['name'];
    const name =
      typeof named === 'string'
        ? this.#expand(named)
        : (this.#variables.get('COMPOSE_PROJECT_NAME') ?? baseOf(this.#plan.folder));
    for (const layer of this.#plan.layers) this.#layer(layer, 0);
    if (main) this.#trace.place(this.#top, rootMark(main.origin));
    for (const [service, tree] of this.#services) this.#envFiles(service, tree);
    return {
      name: projectName(name),
      services: this.#services,
      top: this.#top,
      trace: this.#trace,
      files: [...new Set(this.#files)],
    };
  }

  #layer(document: FoundDocument, depth: number): void {
    const { raw, file, origin } = document;
    this.#files.push(file);
    for (const { paths, at } of includes(raw)) {
      for (const path of paths) {
        const wanted = joinPath(folderOf(file), this.#expand(path));
        const included = this.#byFile.get(wanted);
        if (included && depth < EXTENDS_MAX && !this.#files.includes(wanted)) this.#layer(included, depth + 1);
        else if (!included)
          this.#warn(
            origin,
            ['include', at],
            'compose.include',
            'the included file is not among those read: what it adds is unknown',
          );
      }
    }
    const mark = rootMark(origin);
    const services: unknown = raw['services'];
    if (isObject(services)) {
      const all = Object.entries(services);
      if (all.length > SERVICES_MAX)
        this.#out.push({
          code: 'compose.too-many',
          severity: 'error',
          message: `one host runs no ${all.length} services: those after the first ${SERVICES_MAX} are not looked at`,
          location: origin.locate(['services']),
          help: 'split the file',
        });
      for (const [name, service] of all.slice(0, SERVICES_MAX)) {
        const tree = this.#service(document, name, service, []);
        const base = this.#services.get(name);
        if (tree && base) mergeService(this.#trace, base, tree);
        else if (tree) this.#services.set(name, tree);
      }
    }
    for (const name of ['networks', 'volumes', 'secrets', 'configs']) {
      const value = raw[name];
      if (!isObject(value)) continue;
      const copy = this.#copy(value, childMark(mark, name)) as Tree;
      const present = this.#top[name];
      if (isObject(present)) mergeService(this.#trace, present as Tree, copy);
      else this.#trace.set(this.#top, name, copy);
    }
  }

  /** One service in its long form, with what it extends. @param seen services that are being extended */
  #service(document: FoundDocument, name: string, raw: unknown, seen: readonly string[]): Tree | undefined {
    const mark = childMark(childMark(rootMark(document.origin), 'services'), name);
    if (!isObject(raw)) {
      if (raw !== null) this.#tell(mark, `the service must be a mapping, not ${kindOf(raw)}`, undefined, 'error');
      return undefined;
    }
    const tree = this.#copy(raw, mark) as Tree;
    normaliseService(this.#trace, tree, (place, message, help) => this.#tell(place ?? mark, message, help, 'warning'));
    const extended = tree['extends'];
    delete tree['extends'];
    if (extended === undefined) return tree;
    const [file, service] = isObject(extended) ? [textOf(extended['file']), textOf(extended['service'])] : ['', textOf(extended)];
    const other = file === '' ? document : this.#byFile.get(joinPath(folderOf(document.file), file));
    const services: unknown = other?.raw['services'];
    const id = `${other?.file}#${service}`;
    const base: unknown = isObject(services) ? services[service] : undefined;
    const endless = seen.includes(id) || seen.length >= EXTENDS_MAX || ++this.#extensions > EXTENSIONS_MAX;
    if (!other || base === undefined || endless) {
      const why = !other
        ? 'the file is not among those read'
        : base === undefined
          ? 'there is no such service'
          : 'they extend each other';
      this.#tell(childMark(mark, 'extends'), `what this service extends is unknown: ${why}`, undefined, 'warning');
      return tree;
    }
    if (other !== document) this.#files.push(other.file);
    const merged = this.#service(other, service, base, [...seen, id]);
    if (!merged) return tree;
    mergeService(this.#trace, merged, tree);
    this.#trace.place(merged, mark);
    return merged;
  }

  /** `env_file` below `environment`: what is written in the service wins; a value that is a secret by its name stays out. */
  #envFiles(service: string, tree: Tree): void {
    const environment = (tree['environment'] ??= {}) as Tree;
    const inherited = new Map<string, { readonly value: string; readonly mark: Mark | undefined }>();
    const files: unknown = tree['env_file'];
    for (const [i, item] of (Array.isArray(files) ? (files as readonly Tree[]) : []).slice(0, 100).entries()) {
      const file = joinPath(this.#plan.folder, textOf(item['path']));
      const text = this.#textAt(file);
      if (text === undefined) continue;
      this.#files.push(file);
      for (const [name, value] of readDotenv(text, this.#variables))
        inherited.set(name, { value: saysSecret(name) ? `\${${name}}` : value, mark: this.#trace.markOf(files as object, i) });
    }
    for (const [name, value] of Object.entries(environment)) {
      if (value !== null) continue;
      const known = this.#variables.get(name);
      if (known !== undefined)
        this.#trace.set(environment, name, saysSecret(name) ? `\${${name}}` : known, this.#trace.markOf(environment, name));
    }
    for (const [name, { value, mark }] of inherited) if (!(name in environment)) this.#trace.set(environment, name, value, mark);
    if (this.#trace.placeOf(environment) === undefined) {
      const own = this.#trace.placeOf(this.#services.get(service) ?? tree);
      if (own) this.#trace.place(environment, own);
    }
  }

  #copy(value: unknown, mark: Mark): unknown {
    return this.#trace.copy(value, mark, (each) => (typeof each === 'string' ? this.#expand(each) : each));
  }

  /** A secret of `.env` is not put in: the manifest names it, and no more is to be known. */
  #expand(text: string): string {
    if (this.#expanded > EXPANDED_MAX) return text;
    const value = interpolate(text, (name) => (saysSecret(name) ? undefined : this.#variables.get(name)));
    this.#expanded += Math.max(0, value.length - text.length);
    return value;
  }

  #tell: (mark: Mark, message: string, help: string | undefined, severity: 'error' | 'warning') => void = (
    mark,
    message,
    help,
    severity,
  ) => {
    const location = locateMark(mark);
    this.#out.push({ code: 'compose.form', severity, message, location, ...(help === undefined ? {} : { help }) });
  };

  #warn(origin: OriginSource, path: readonly (string | number)[], code: string, message: string): void {
    this.#out.push({ code, severity: 'warning', message, location: origin.locate(path) });
  }
}

/** Compose's own rule: lower case, letters, digits, `-` and `_`, beginning with a letter or digit. */
function projectName(name: string): string {
  const clean = name
    .toLowerCase()
    .replaceAll(/[^-_a-z0-9]/g, '')
    .replace(/^[-_]+/, '');
  return clean === '' ? 'default' : clean.slice(0, 63);
}

export type { Tell };
