// Real systems as plain objects, to be changed at one place: a mutant brings a gap in, a near-miss twin looks like it and has none.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { readYaml } from '#syntax/yaml.ts';

/** A document as a manifest holds it; cases reach into it freely. */
// oxlint-disable-next-line typescript/no-explicit-any -- every member of every kind, edited by hand
export type Doc = { [key: string]: any };

export interface World {
  /** Kubernetes objects. */
  readonly docs: Doc[];
  /** Other files by path: Dockerfiles, code, pipelines. */
  readonly files: Record<string, string>;
}

/** One change of one world and what the scan must say of it. */
export interface Case {
  readonly name: string;
  readonly base: World;
  readonly changed: World;
  readonly expect: 'found' | 'silent';
}

/** All cases of one gap. */
export interface Gap {
  readonly name: string;
  /** Beginnings of the codes that count as finding it. */
  readonly codes: readonly string[];
  cases(systems: Systems): readonly Case[];
}

export class Systems {
  readonly #dir: string;
  readonly #read = new Map<string, readonly Doc[]>();

  /** @param dir the suites' folder `systems` */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Online Boutique as released, without the load generator. */
  boutique(): World {
    return this.#world(
      ['online-boutique/release/kubernetes-manifests.yaml'],
      (doc) => !String(doc['metadata']?.name).startsWith('loadgenerator'),
    );
  }

  /** Online Boutique with its own network policies. */
  boutiqueWithPolicies(): World {
    const folder = 'online-boutique/kustomize/components/network-policies';
    const policies = readdirSync(join(this.#dir, folder)).filter((name) => name.startsWith('network-policy'));
    return this.#world(['online-boutique/release/kubernetes-manifests.yaml', ...policies.map((name) => `${folder}/${name}`)]);
  }

  bookinfo(...more: readonly string[]): World {
    return this.#world(['bookinfo/platform/kube/bookinfo.yaml', ...more.map((name) => `bookinfo/${name}`)]);
  }

  sockShop(): World {
    const folder = 'sock-shop/kubernetes/manifests';
    return this.#world(
      readdirSync(join(this.#dir, folder))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => `${folder}/${name}`),
    );
  }

  /** The Sock Shop, whole, with the network policies that lie beside it. */
  sockShopWithPolicies(): World {
    const folders = ['sock-shop/kubernetes/manifests', 'sock-shop/kubernetes/manifests-policy'];
    return this.#world(
      folders.flatMap((folder) =>
        readdirSync(join(this.#dir, folder))
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => `${folder}/${name}`),
      ),
    );
  }

  /** A file of a system as it is. */
  text(file: string): string {
    return readFileSync(join(this.#dir, file), 'utf8');
  }

  #world(files: readonly string[], keep: (doc: Doc) => boolean = () => true): World {
    return { docs: files.flatMap((file) => structuredClone(this.#docs(file)) as Doc[]).filter(keep), files: {} };
  }

  #docs(file: string): readonly Doc[] {
    let docs = this.#read.get(file);
    if (!docs) {
      docs = readYaml(file, readFileSync(join(this.#dir, file))).documents.map(
        ({ value }) => JSON.parse(JSON.stringify(value)) as Doc,
      );
      this.#read.set(file, docs);
    }
    return docs;
  }
}

/** A copy with a change. */
export function change(world: World, edit: (copy: World) => void): World {
  const copy = structuredClone({ docs: world.docs, files: world.files });
  edit(copy);
  return copy;
}

/** The object of a kind and name. */
export function find(world: World, kind: string, name: string): Doc {
  const doc = world.docs.find((one) => one['kind'] === kind && one['metadata']?.name === name);
  if (!doc) throw new Error(`the system has no ${kind} ${name}`);
  return doc;
}

export function all(world: World, kind: string): Doc[] {
  return world.docs.filter((one) => one['kind'] === kind);
}

/** The first container of a workload. */
export function container(world: World, kind: string, name: string): Doc {
  return find(world, kind, name)['spec'].template.spec.containers[0] as Doc;
}

export function remove(world: World, kind: string, name: string): void {
  world.docs.splice(world.docs.indexOf(find(world, kind, name)), 1);
}

export function add(world: World, ...docs: readonly Doc[]): void {
  world.docs.push(...(structuredClone(docs) as Doc[]));
}

/** Files of a world as a scan takes them. */
export function filesOf(world: World): { readonly path: string; readonly text: string }[] {
  const manifests = world.docs.map((doc) => dump(doc)).join('---\n');
  return [
    ...(world.docs.length > 0 ? [{ path: 'deploy/system.yaml', text: manifests }] : []),
    ...Object.entries(world.files).map(([path, text]) => ({ path, text })),
  ];
}

/** Cases from changes: each either brings the gap or only looks like it. */
export function casesOf(
  base: World,
  mutants: Readonly<Record<string, (copy: World) => void>>,
  twins: Readonly<Record<string, (copy: World) => void>>,
): Case[] {
  const make =
    (expect: Case['expect']) =>
    ([name, edit]: [string, (copy: World) => void]): Case => ({ name, base, changed: change(base, edit), expect });
  return [...Object.entries(mutants).map(make('found')), ...Object.entries(twins).map(make('silent'))];
}
