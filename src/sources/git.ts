// History of a git repository as files: each content once, with the first commit that brought it in. Reads packs and loose objects itself; no git
// is started, so that a hostile repository's configuration and hooks have no say.
import type { NotAnalysed } from '#model/coverage.ts';
import { parseCommit, parseTree } from './git/commit.ts';
import type { Commit } from './git/commit.ts';
import { Repository, findGitDir } from './git/repository.ts';
import type { RepositoryOptions } from './git/repository.ts';

export interface HistoryOptions extends RepositoryOptions {
  /** Whether a reference counts, by its full name (`refs/heads/main`); all when absent. HEAD always does. */
  readonly refs?: (name: string) => boolean;
  /** Only what came with commits of this day or later (milliseconds since 1970, author's time). */
  readonly since?: number;
  /** Whether a path is wanted; its content is not read otherwise. */
  readonly wants?: (path: string) => boolean;
  readonly commitsMax?: number;
  /** Gets what could not be read. */
  readonly tell?: (left: NotAnalysed) => void;
}

/** One content of history. */
export interface HistoryFile {
  /** Id of the blob, hex. */
  readonly blob: string;
  /** Path in the first commit that has it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Id of that commit, hex. */
  readonly commit: string;
  /** Milliseconds since 1970: when the commit's author wrote it. */
  readonly when: number;
  /** Whether the commit that HEAD names still has this content at some path. */
  readonly present: boolean;
}

interface Dated extends Commit {
  readonly id: string;
}

const COMMITS_MAX = 2_000_000;
const DEPTH_MAX = 512;

/** Whether `dir` lies in a git repository that can be read. */
export function isGitRepository(dir: string): boolean {
  return findGitDir(dir) !== undefined;
}

/**
 * Walks history from its beginning. Commits come after their parents, so that the commit told is the one that brought a content in. Memory grows with
 * the number of commits, trees and blobs (ids only), never with their content.
 * @example
 * for (const { path, bytes, commit } of readGitHistory('.')) scanner.scan(path, bytes, { commit });
 */
export function* readGitHistory(dir: string, options: HistoryOptions = {}): Generator<HistoryFile> {
  const gitDir = findGitDir(dir);
  if (gitDir === undefined) return;
  const repository = new Repository(gitDir, options);
  const tell = (what: string, message: string): void => options.tell?.({ file: dir, what, message });
  try {
    for (const problem of repository.problems) tell('unreadable', problem);
    if (repository.shallow.size > 0) tell('shallow-clone', 'the clone is shallow: older history is not there to be looked at');
    const commits = orderedCommits(repository, options, tell);
    const present = new Set<string>();
    const head = repository.head();
    const headTree = commits.find(({ id }) => id === head)?.tree;
    if (headTree !== undefined) for (const { id } of walkTree(repository, headTree, new Set())) present.add(id);
    yield* contents(repository, commits, present, options, tell);
  } finally {
    repository.close();
  }
}

function* contents(
  repository: Repository,
  commits: readonly Dated[],
  present: ReadonlySet<string>,
  { since = -Infinity, wants = () => true }: HistoryOptions,
  tell: (what: string, message: string) => void,
): Generator<HistoryFile> {
  const trees = new Set<string>();
  const blobs = new Set<string>();
  let missing = 0;
  for (const { id: commit, tree, authored } of commits) {
    for (const { id: blob, path } of walkTree(repository, tree, trees)) {
      if (blobs.has(blob) || !wants(path)) continue;
      blobs.add(blob);
      if (authored < since) continue;
      const object = repository.read(blob);
      if (object?.type === 'blob') yield { blob, path, bytes: object.bytes, commit, when: authored, present: present.has(blob) };
      else missing++;
    }
  }
  if (missing > 0)
    tell('unreadable', `${missing} contents of history are missing, damaged or too large (a partial clone leaves them out)`);
}

/** Files of a tree whose folders were not walked before. */
function* walkTree(
  repository: Repository,
  root: string,
  seen: Set<string>,
): Generator<{ readonly id: string; readonly path: string }> {
  const stack = [{ id: root, path: '', depth: 0 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next.id) || next.depth > DEPTH_MAX) continue;
    seen.add(next.id);
    const object = repository.read(next.id);
    if (object?.type !== 'tree') continue;
    for (const { name, id, kind } of parseTree(object.bytes, repository.idBytes)) {
      const path = next.path === '' ? name : `${next.path}/${name}`;
      if (kind === 'folder') stack.push({ id, path, depth: next.depth + 1 });
      else if (kind === 'file') yield { id, path };
    }
  }
}

/** Every commit that a wanted reference leads to, parents before children; among those that could come next the oldest first. */
function orderedCommits(repository: Repository, options: HistoryOptions, tell: (what: string, message: string) => void): Dated[] {
  const commits = new Map<string, Dated>();
  const commitsMax = options.commitsMax ?? COMMITS_MAX;
  const stack = startingPoints(repository, options);
  let missing = 0;
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (commits.has(id)) continue;
    if (commits.size >= commitsMax) {
      tell('too-large', `history has more than ${commitsMax} commits; the rest is not read`);
      break;
    }
    const object = repository.read(id);
    if (object?.type === 'tag') {
      const target = /^object ([0-9a-f]{40,64})\n/.exec(Buffer.from(object.bytes).toString('latin1', 0, 100))?.[1];
      if (target !== undefined) stack.push(target);
      continue;
    }
    const commit = object?.type === 'commit' ? parseCommit(object.bytes) : undefined;
    if (!commit) {
      if (object === undefined) missing++;
      continue;
    }
    const parents = repository.shallow.has(id) ? [] : commit.parents;
    commits.set(id, { ...commit, parents, id });
    stack.push(...parents);
  }
  if (missing > 0) tell('unreadable', `${missing} commits are missing or damaged`);
  return parentsFirst(commits);
}

function startingPoints(repository: Repository, { refs: wanted = () => true }: HistoryOptions): string[] {
  const head = repository.head();
  const points = [...repository.refs()].filter(([name]) => wanted(name)).map(([, id]) => id);
  return head === undefined ? points : [...points, head];
}

function parentsFirst(commits: ReadonlyMap<string, Dated>): Dated[] {
  const waiting = new Map<string, number>();
  const children = new Map<string, Dated[]>();
  const ready: Dated[] = [];
  for (const commit of commits.values()) {
    const parents = commit.parents.filter((parent) => commits.has(parent));
    waiting.set(commit.id, parents.length);
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), commit]);
    if (parents.length === 0) ready.push(commit);
  }
  const ordered: Dated[] = [];
  const heap = new OldestFirst(ready);
  for (let next = heap.pop(); next; next = heap.pop()) {
    ordered.push(next);
    for (const child of children.get(next.id) ?? []) {
      const left = waiting.get(child.id)! - 1;
      waiting.set(child.id, left);
      if (left === 0) heap.push(child);
    }
  }
  return ordered;
}

/** A binary heap by the time of commit. */
class OldestFirst {
  readonly #items: Dated[] = [];

  constructor(items: readonly Dated[]) {
    for (const item of items) this.push(item);
  }

  push(item: Dated): void {
    const items = this.#items;
    items.push(item);
    for (let at = items.length - 1; at > 0;) {
      const up = (at - 1) >> 1;
      if (!isOlder(items[at]!, items[up]!)) break;
      [items[at], items[up]] = [items[up]!, items[at]!];
      at = up;
    }
  }

  pop(): Dated | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || !last) return first;
    items[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < items.length && isOlder(items[child]!, items[least]!)) least = child;
      if (least === at) return first;
      [items[at], items[least]] = [items[least]!, items[at]!];
      at = least;
    }
  }
}

function isOlder(a: Dated, b: Dated): boolean {
  return a.committed !== b.committed ? a.committed < b.committed : a.id < b.id;
}
