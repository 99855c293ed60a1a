// Host names of Istio's networking kinds: short names belong to the namespace of the document that says them.

/** The full name: a name without a dot is a service of `namespace`; all else stays (Istio, "short names"). */
export function resolveHost(host: string, namespace: string, clusterDomain: string): string {
  const name = host.toLowerCase();
  return name === '' || name === '*' || name.includes('.') ? name : `${name}.${namespace}.svc.${clusterDomain}`;
}

export function isWildcard(host: string): boolean {
  return host === '*' || host.startsWith('*.') || host.startsWith('*-');
}

/** Whether a full name is `pattern`, or is covered by it when it is `*` or begins with `*`. Both in lower case. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === host || pattern === '*') return true;
  return pattern.startsWith('*') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}
