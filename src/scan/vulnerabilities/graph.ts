// What a lockfile says about packages, as a graph: from it follow what is direct, what is only for development, and by which way a package came in.
import type { Location } from '#model/origin.ts';
import { packageUrl } from './package.ts';
import type { Package } from './package.ts';

export interface GraphNode {
  readonly name: string;
  readonly version: string;
  readonly line: number;
  /** Keys of nodes that it needs. */
  readonly needs?: readonly string[];
  /** Says so itself; otherwise it follows from the roots. */
  readonly dev?: boolean;
  readonly direct?: boolean;
  readonly hashes?: Package['hashes'];
  readonly licence?: string;
  readonly qualifiers?: Record<string, string>;
}

interface Reached {
  readonly parent: string | undefined;
  readonly dev: boolean;
}

const NODES_MAX = 200_000;
const PATH_MAX = 24;

/** Collects the packages of one lockfile. */
export class PackageGraph {
  readonly #ecosystem: string;
  readonly #file: string;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #roots = new Map<string, boolean>();

  constructor(ecosystem: string, file: string) {
    this.#ecosystem = ecosystem;
    this.#file = file;
  }

  get size(): number {
    return this.#nodes.size;
  }

  has(key: string): boolean {
    return this.#nodes.has(key);
  }

  /** Adds a package; the first of a key counts. @returns false when there are too many */
  add(key: string, node: GraphNode): boolean {
    if (this.#nodes.size >= NODES_MAX) return false;
    if (!this.#nodes.has(key)) this.#nodes.set(key, node);
    return true;
  }

  /** The project itself asks for the package of this key. */
  root(key: string, dev: boolean): void {
    this.#roots.set(key, dev && (this.#roots.get(key) ?? true));
  }

  /** The packages, in the order they were added, each once per name, version and line. */
  packages(): Package[] {
    const reached = this.#reach();
    const urls = new Map<string, string>();
    const urlOf = (key: string): string | undefined => {
      const known = urls.get(key);
      if (known !== undefined) return known;
      const node = this.#nodes.get(key);
      if (!node) return undefined;
      const url = packageUrl(this.#ecosystem, node.name, node.version, node.qualifiers);
      urls.set(key, url);
      return url;
    };
    const packages = new Map<string, Package>();
    for (const [key, node] of this.#nodes) {
      if (node.version === '') continue;
      const purl = urlOf(key)!;
      const known = this.#roots.size > 0;
      const at = reached.get(key);
      const direct = node.direct ?? (known ? this.#roots.has(key) : undefined);
      const dev = node.dev ?? (known && at ? at.dev : undefined);
      const path = at ? way(key, reached, urlOf) : undefined;
      const dependsOn = [...new Set((node.needs ?? []).map(urlOf).filter((url) => url !== undefined))];
      const location: Location = { file: this.#file, line: node.line, column: 1 };
      const found: Package = {
        ecosystem: this.#ecosystem,
        name: node.name,
        version: node.version,
        purl,
        location,
        ...(direct !== undefined && { direct }),
        ...(dev !== undefined && { dev }),
        ...(path && path.length > 1 && { path }),
        ...(dependsOn.length > 0 && { dependsOn }),
        ...(node.hashes && node.hashes.length > 0 && { hashes: node.hashes }),
        ...(node.licence !== undefined && { licence: node.licence }),
      };
      packages.set(purl, merge(packages.get(purl), found));
    }
    return [...packages.values()];
  }

  /** Breadth first from what is needed at run time, then from what is needed to develop: the first way is the shortest. */
  #reach(): Map<string, Reached> {
    const reached = new Map<string, Reached>();
    for (const dev of [false, true]) {
      const queue: string[] = [];
      for (const [key, isDev] of this.#roots) {
        if (isDev !== dev || reached.has(key) || !this.#nodes.has(key)) continue;
        reached.set(key, { parent: undefined, dev });
        queue.push(key);
      }
      for (let i = 0; i < queue.length; i++) {
        for (const need of this.#nodes.get(queue[i]!)?.needs ?? []) {
          if (reached.has(need) || !this.#nodes.has(need)) continue;
          reached.set(need, { parent: queue[i], dev });
          queue.push(need);
        }
      }
    }
    return reached;
  }
}

/** From a root to a package; undefined when it is so long that nobody would read it. */
function way(
  key: string,
  reached: ReadonlyMap<string, Reached>,
  urlOf: (key: string) => string | undefined,
): string[] | undefined {
  const found: string[] = [];
  for (let at: string | undefined = key; at !== undefined; at = reached.get(at)?.parent) {
    if (found.length >= PATH_MAX) return undefined;
    found.push(urlOf(at)!);
  }
  return found.toReversed();
}

/** One package that stands in several places (npm's nested copies): what holds for one of them holds. */
function merge(first: Package | undefined, second: Package): Package {
  if (!first) return second;
  const both = [...new Set([...(first.dependsOn ?? []), ...(second.dependsOn ?? [])])];
  return {
    ...first,
    ...(second.direct === true && { direct: true }),
    ...(second.dev === false && { dev: false }),
    ...(both.length > 0 && { dependsOn: both }),
  };
}
