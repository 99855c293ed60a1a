// Requests made from the very values that policies name: as they are, a little longer, a little shorter, in another case.
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy } from '#model/istio.ts';

/** A small generator with a seed (mulberry32), so that a run can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function sampleAttributes(
  policies: readonly AuthorizationPolicy[],
  protocol: 'http' | 'tcp',
  count: number,
  seed: number,
): Attributes[] {
  const random = randomFrom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const words = wordsOf(policies);
  const text = (): string => {
    const word = pick(words);
    return pick([
      word,
      word,
      word.replaceAll('*', ''),
      word.replaceAll('*', 'x'),
      `${word}x`,
      `x${word}`,
      word.slice(1),
      word.slice(0, -1),
      word.toUpperCase(),
      '',
    ]);
  };
  const address = (): string =>
    pick([
      ...words.filter((word) => /^\d+\.\d+\.\d+\.\d+/.test(word)).map((word) => word.split('/')[0] as string),
      '5.6.7.8',
      '192.168.10.77',
      '::1',
    ]);
  const http = protocol === 'http';
  return Array.from({ length: count }, () => {
    const headers = new Map(random() < 0.7 ? [['x-header', text()]] : []);
    const claims = {
      iss: pick([text(), 7]),
      sub: text(),
      aud: pick([text(), [text(), text()]]),
      azp: text(),
      nested1: pick([{ nested2: pick([text(), [text()]]) }, text()]),
    };
    const identities = [
      text(),
      `td/ns/${text()}/sa/${text()}`,
      `cluster.local/ns/${text()}/x/y/sa/${text()}/z`,
      text().replace(/^\*/, 'other'),
    ];
    const path = pick([
      text(),
      `/${text()}`,
      `/path/template/${text()}`,
      `/a/${text()}/path/template`,
      `/not-path/template/${text()}`,
    ]);
    return {
      protocol,
      sourceIdentity: random() < 0.85 ? `spiffe://${pick(identities)}` : undefined,
      sourceIp: address(),
      remoteIp: address(),
      destinationIp: address(),
      destinationPort: Number(pick(words.filter((word) => /^\d+$/.test(word)).concat('1'))),
      sni: pick([text(), '']),
      method: http ? pick([text() || 'GET', 'GET']) : '',
      path: http ? path : '',
      host: http ? text() || 'host' : '',
      header: (name: string) => headers.get(name),
      headerValues: (name: string) => (headers.has(name) ? [headers.get(name) as string] : []),
      auth:
        http && random() < 0.8
          ? { issuer: String(claims.iss), subject: claims.sub, principal: '', audiences: [], presenter: '', claims }
          : undefined,
    };
  });
}

function wordsOf(policies: readonly AuthorizationPolicy[]): string[] {
  const words = new Set<string>(['a', 'b/c']);
  JSON.stringify(
    policies.map(({ spec }) => spec.rules),
    (_, value: unknown) => {
      if (typeof value === 'string') {
        words.add(value);
        for (const part of value.split('/')) words.add(part);
      }
      return value;
    },
  );
  return [...words];
}
