// Consistent hashing: equal keys go to the same endpoint while endpoints come and go (Karger's ring; Eisenbud et al., "Maglev", 2016).
import type { Member } from './host.ts';

export interface HashTable {
  /** @param accepts passed over when it says no; the search goes on from there */
  find(hash: number, accepts: (member: Member) => boolean): Member | undefined;
}

/** FNV-1a with the final mix of MurmurHash3, 32 bits: spreads short keys well. */
export function hashText(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Members in the order of their names, so that every worker and every configuration makes the same table. */
function inOrder(members: readonly Member[]): readonly Member[] {
  return [...members].sort((a, b) => (a.host.endpoint.name < b.host.endpoint.name ? -1 : 1));
}

/** @param size least number of points in all */
export function ringOf(members: readonly Member[], size: number): HashTable {
  const sum = members.reduce((total, { weight }) => total + weight, 0);
  const points: { readonly hash: number; readonly member: Member }[] = [];
  for (const member of inOrder(members)) {
    const count = Math.max(1, Math.ceil((size * member.weight) / sum));
    for (let i = 0; i < count; i++) points.push({ hash: hashText(`${member.host.endpoint.name}_${i}`), member });
  }
  points.sort((a, b) => a.hash - b.hash);
  const hashes = Uint32Array.from(points, ({ hash }) => hash);
  return {
    find(hash, accepts) {
      let low = 0;
      let high = hashes.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (hashes[middle]! < hash) low = middle + 1;
        else high = middle;
      }
      return around(points.length, low, (i) => points[i]!.member, accepts);
    },
  };
}

/** @param size a prime */
export function maglevOf(members: readonly Member[], size: number): HashTable {
  const ordered = inOrder(members);
  const entries = new Int32Array(size).fill(-1);
  const heaviest = Math.max(...ordered.map(({ weight }) => weight));
  const rows = ordered.map(({ host, weight }) => ({
    offset: hashText(host.endpoint.name) % size,
    skip: (hashText(host.endpoint.name, 1) % (size - 1)) + 1,
    next: 0,
    share: weight / heaviest,
    credit: 0,
  }));
  for (let filled = 0; filled < size && rows.length > 0;) {
    for (let i = 0; i < rows.length && filled < size; i++) {
      const row = rows[i]!;
      row.credit += row.share;
      if (row.credit < 1) continue;
      row.credit -= 1;
      let slot = (row.offset + row.next * row.skip) % size;
      while (entries[slot] !== -1) slot = (row.offset + ++row.next * row.skip) % size;
      row.next++;
      entries[slot] = i;
      filled++;
    }
  }
  return { find: (hash, accepts) => around(size, hash % size, (i) => ordered[entries[i]!]!, accepts) };
}

/** The first accepted member from `from` on, once round; each member is asked once. */
function around(
  count: number,
  from: number,
  at: (i: number) => Member,
  accepts: (member: Member) => boolean,
): Member | undefined {
  let refused: Set<Member> | undefined;
  for (let i = 0; i < count; i++) {
    const member = at((from + i) % count);
    if (refused?.has(member) === true) continue;
    if (accepts(member)) return member;
    (refused ??= new Set()).add(member);
  }
  return undefined;
}
