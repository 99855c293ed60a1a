/** Host names to values: exact ones, `*.suffix` (longest first) and `*`. Names are compared in lower case. */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #suffixes: (readonly [suffix: string, value: T])[] = [];
  #any: T | undefined;

  /** The first value for a host stays. */
  add(host: string, value: T): void {
    const lower = host.toLowerCase();
    if (lower === '*') this.#any ??= value;
    else if (lower.startsWith('*')) this.#suffixes.push([lower.slice(1), value]);
    else if (!this.#exact.has(lower)) this.#exact.set(lower, value);
    this.#suffixes.sort((a, b) => b[0].length - a[0].length);
  }

  /** @param host lower case, without port and trailing dot */
  match(host: string): T | undefined {
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    for (const [suffix, value] of this.#suffixes) if (host.length > suffix.length && host.endsWith(suffix)) return value;
    return this.#any;
  }

  /** As they were written, for messages. */
  names(): string[] {
    return [...this.#exact.keys(), ...this.#suffixes.map(([suffix]) => `*${suffix}`), ...(this.#any === undefined ? [] : ['*'])];
  }
}

const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9._-]{0,252}))(?::([1-9]\d{0,4}))?$/;

/**
 * An authority in the form that names are compared in: lower case, no trailing dot.
 * @returns undefined for what is no host name or address with an optional port
 */
export function splitAuthority(authority: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = AUTHORITY.exec(authority.toLowerCase());
  if (!match) return undefined;
  const host = match[1]!.endsWith('.') ? match[1]!.slice(0, -1) : match[1]!;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  return port !== undefined && port > 65_535 ? undefined : { host, port };
}
