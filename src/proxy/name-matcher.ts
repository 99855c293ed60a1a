/** Whether a lower-case header name is meant. */
export type NameMatcher = (name: string) => boolean;

/** Header names as Istio's extension providers list them: exact, `prefix*` or `*suffix`, in any case. */
export function compileNames(patterns: readonly string[]): NameMatcher {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  for (const pattern of patterns) {
    const lower = pattern.toLowerCase();
    if (lower.endsWith('*')) prefixes.push(lower.slice(0, -1));
    else if (lower.startsWith('*')) suffixes.push(lower.slice(1));
    else exact.add(lower);
  }
  return (name) =>
    exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix)) || suffixes.some((suffix) => name.endsWith(suffix));
}
