// Trust-domain aliases: one policy text stands for the mesh's trust domain and all its aliases (Istio trust domain migration).

/** Istio's pointer to "the local trust domain, whatever it is called". */
const LOCAL = 'cluster.local';

/**
 * Replaces each principal `TD/ns/NS/sa/SA` whose trust domain belongs to the mesh by one per trust domain. Others (another number of
 * parts, `*` as trust domain, a foreign trust domain) stay as they are.
 * @param trustDomains the mesh's trust domain first, then its aliases
 */
export function expandPrincipals(principals: readonly string[], trustDomains: readonly string[]): string[] {
  return principals.flatMap((principal) => {
    const parts = principal.split('/');
    const domain = parts[0] as string;
    if (parts.length !== 5 || domain === '*') return [principal];
    if (domain !== LOCAL && !trustDomains.some((known) => overlaps(domain, known))) return [principal];
    const rest = principal.slice(domain.length);
    // `*bar` already covers an alias `foobar`; it stays, once.
    return [...new Set(trustDomains.map((known) => (isSuffixOf(domain, known) ? principal : known + rest)))];
  });
}

/** Replaces each value that names a trust domain of the mesh by all of them; no duplicates. */
export function expandTrustDomains(values: readonly string[], trustDomains: readonly string[]): string[] {
  return [...new Set(values.flatMap((value) => (trustDomains.includes(value) ? trustDomains : [value])))];
}

/** Wildcards count on either side. */
function overlaps(a: string, b: string): boolean {
  return a === b || b === '*' || isPrefixOf(b, a) || isPrefixOf(a, b) || isSuffixOf(b, a) || isSuffixOf(a, b);
}

function isPrefixOf(pattern: string, text: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1));
}

function isSuffixOf(pattern: string, text: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
