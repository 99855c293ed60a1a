// Package URLs (ECMA-427): parsing and printing in canonical form, with the rules of each type.

export interface Purl {
  /** Lower-case. */
  readonly type: string;
  /** Segments joined with `/`; '' when there is none. */
  readonly namespace: string;
  readonly name: string;
  /** '' when there is none. */
  readonly version: string;
  /** Keys lower-case and sorted, no empty values. */
  readonly qualifiers: Readonly<Record<string, string>>;
  /** '' when there is none. */
  readonly subpath: string;
}

type Part = 'namespace' | 'name' | 'version';

interface TypeRule {
  readonly lower?: readonly Part[];
  readonly upper?: readonly Part[];
  readonly namespace?: 'required' | 'prohibited';
  readonly versionRequired?: true;
  /** A qualifier that must be there. */
  readonly qualifier?: string;
  readonly name?: (name: string, purl: Purl) => string | undefined;
}

const BOTH: readonly Part[] = ['namespace', 'name'];

/** https://github.com/package-url/purl-spec/tree/main/types; a type without a row has no rules of its own. */
const TYPES: Readonly<Record<string, TypeRule>> = {
  alpm: { lower: BOTH },
  apk: { lower: BOTH },
  bazel: { namespace: 'prohibited' },
  bitbucket: { lower: BOTH, namespace: 'required' },
  bitnami: { lower: ['name'], namespace: 'prohibited' },
  cargo: { namespace: 'prohibited' },
  chrome: { namespace: 'prohibited' },
  cocoapods: { namespace: 'prohibited', name: (name) => (/[\s+]|^\./.test(name) ? undefined : name) },
  composer: { lower: BOTH, namespace: 'required' },
  conan: {},
  conda: { namespace: 'prohibited' },
  // With an author it is a distribution, whose parts are joined by dashes; without one a module, joined by colons.
  cpan: {
    upper: ['namespace'],
    name: (name, { namespace }) => (name.includes(namespace === '' ? '-' : '::') ? undefined : name),
  },
  cran: { namespace: 'prohibited', versionRequired: true },
  deb: { lower: BOTH },
  gem: { namespace: 'prohibited' },
  github: { lower: BOTH, namespace: 'required' },
  golang: { lower: BOTH },
  hackage: { namespace: 'prohibited' },
  hex: { lower: BOTH },
  huggingface: { lower: ['version'] },
  julia: { namespace: 'prohibited', qualifier: 'uuid' },
  luarocks: { lower: ['namespace', 'name', 'version'] },
  maven: { namespace: 'required' },
  mlflow: {
    namespace: 'prohibited',
    name: (name, { qualifiers }) => ((qualifiers['repository_url'] ?? '').includes('databricks') ? name.toLowerCase() : name),
  },
  npm: { lower: BOTH },
  nuget: { namespace: 'prohibited' },
  oci: { lower: ['name'], namespace: 'prohibited' },
  opam: { namespace: 'prohibited' },
  otp: { lower: ['name'], namespace: 'prohibited' },
  pub: { namespace: 'prohibited', name: (name) => name.toLowerCase().replaceAll('-', '_') },
  pypi: { lower: ['version'], namespace: 'prohibited', name: (name) => name.toLowerCase().replace(/[-_.]+/g, '-') },
  qpkg: { lower: ['namespace'] },
  rpm: { lower: ['namespace'] },
  swid: { qualifier: 'tag_id' },
  swift: { namespace: 'required' },
  'vscode-extension': { lower: BOTH, namespace: 'required' },
  wordpress: { lower: BOTH },
};

const LENGTH_MAX = 8192;

/**
 * Reads a package URL and makes it canonical.
 * @returns undefined when it is none, or breaks a rule of its type
 * @example parsePurl('pkg:PyPI/Django_Foo@1.0')?.name // 'django-foo'
 */
export function parsePurl(text: string): Purl | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  let rest = text.trim();
  let subpath = '';
  let query = '';
  const hash = rest.lastIndexOf('#');
  if (hash !== -1) [rest, subpath] = [rest.slice(0, hash), rest.slice(hash + 1)];
  const question = rest.lastIndexOf('?');
  if (question !== -1) [rest, query] = [rest.slice(0, question), rest.slice(question + 1)];
  const colon = rest.indexOf(':');
  if (colon === -1 || rest.slice(0, colon).toLowerCase() !== 'pkg') return undefined;
  rest = trimSlashes(rest.slice(colon + 1));
  const slash = rest.indexOf('/');
  if (slash === -1) return undefined;
  const type = rest.slice(0, slash);
  rest = trimSlashes(rest.slice(slash + 1));
  // A version's `@` comes after the last `/`, and `@` at the very beginning is an npm scope that was not encoded.
  const at = rest.lastIndexOf('@');
  let version = '';
  if (at > 0 && (at > rest.lastIndexOf('/') || !rest.slice(at).startsWith('@/'))) {
    if (rest[at - 1] !== '/') [rest, version] = [rest.slice(0, at), rest.slice(at + 1)];
  }
  const last = rest.lastIndexOf('/');
  const namespace = last === -1 ? [] : segments(rest.slice(0, last));
  const name = decode(rest.slice(last + 1));
  const decodedVersion = decode(version);
  const qualifiers = parseQualifiers(query);
  const path = segments(subpath);
  if (name === undefined || decodedVersion === undefined || !namespace || !qualifiers || !path) return undefined;
  return makePurl({
    type,
    namespace: namespace.join('/'),
    name,
    version: decodedVersion,
    qualifiers,
    subpath: path.filter((part) => part !== '.' && part !== '..').join('/'),
  });
}

/**
 * Makes a canonical package URL of its parts.
 * @returns undefined when a rule of the type is broken
 */
export function makePurl(parts: { readonly type: string; readonly name: string } & Partial<Purl>): Purl | undefined {
  const type = parts.type.toLowerCase();
  if (!/^[a-z][a-z0-9.-]*$/.test(type) || parts.name === '') return undefined;
  const rule = (Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? {};
  const change = (part: Part, text: string): string => {
    if (rule.lower?.includes(part)) return text.toLowerCase();
    return rule.upper?.includes(part) ? text.toUpperCase() : text;
  };
  const qualifiers: Record<string, string> = {};
  for (const key of Object.keys(parts.qualifiers ?? {}).toSorted()) {
    const value = parts.qualifiers![key]!;
    if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(key)) return undefined;
    if (value !== '') qualifiers[key.toLowerCase()] = value;
  }
  const namespace = change('namespace', trimSlashes(parts.namespace ?? ''));
  const purl: Purl = {
    type,
    namespace,
    name: change('name', parts.name),
    version: change('version', parts.version ?? ''),
    qualifiers,
    subpath: trimSlashes(parts.subpath ?? ''),
  };
  if (rule.namespace === 'required' && namespace === '') return undefined;
  if (rule.namespace === 'prohibited' && namespace !== '') return undefined;
  if (rule.versionRequired && purl.version === '') return undefined;
  if (rule.qualifier !== undefined && qualifiers[rule.qualifier] === undefined) return undefined;
  // Conan: a namespace alone, and a channel alone, name no package.
  const qualified = Object.keys(qualifiers).length > 0;
  if (type === 'conan' && (namespace === '' ? qualifiers['channel'] !== undefined : !qualified)) return undefined;
  const name = rule.name ? rule.name(purl.name, purl) : purl.name;
  return name === undefined ? undefined : { ...purl, name };
}

/** Canonical text of a package URL. */
export function formatPurl(purl: Purl): string {
  let text = `pkg:${purl.type}/`;
  if (purl.namespace !== '') text += `${purl.namespace.split('/').map(encode).join('/')}/`;
  text += encode(purl.name);
  if (purl.version !== '') text += `@${encode(purl.version)}`;
  const keys = Object.keys(purl.qualifiers).toSorted();
  if (keys.length > 0) text += `?${keys.map((key) => `${key}=${encode(purl.qualifiers[key]!)}`).join('&')}`;
  if (purl.subpath !== '') text += `#${purl.subpath.split('/').map(encode).join('/')}`;
  return text;
}

function parseQualifiers(query: string): Record<string, string> | undefined {
  const qualifiers: Record<string, string> = {};
  if (query === '') return qualifiers;
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const key = (equals === -1 ? pair : pair.slice(0, equals)).toLowerCase();
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    if (value === undefined || Object.hasOwn(qualifiers, key) || !/^[a-z][a-z0-9._-]*$/.test(key)) return undefined;
    if (value !== '') qualifiers[key] = value;
  }
  return qualifiers;
}

function segments(text: string): string[] | undefined {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '') continue;
    const decoded = decode(part);
    if (decoded === undefined || decoded.includes('/')) return undefined;
    parts.push(decoded);
  }
  return parts;
}

function trimSlashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '/') start++;
  while (end > start && text[end - 1] === '/') end--;
  return text.slice(start, end);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Everything but letters, digits, `.`, `-`, `_`, `~` and `:` is percent-encoded (section "Character encoding"). */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
