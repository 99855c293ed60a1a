// Evaluates Envoy RBAC configuration as Istio writes it, so that its translations can judge decisions.
import type { Attributes } from '#model/decision.ts';
import { parseIpRange } from '#base/ip-set.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Whether one RBAC policy matches: any permission and any principal. */
export function policyMatches(policy: Tree, a: Attributes): boolean {
  return list(policy['permissions']).some((one) => matches(one, a)) && list(policy['principals']).some((one) => matches(one, a));
}

export function list(value: unknown): readonly Tree[] {
  return Array.isArray(value) ? (value as Tree[]) : [];
}

export function tree(value: unknown): Tree {
  return typeof value === 'object' && value !== null ? (value as Tree) : {};
}

/** The text of a scalar. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
}

/** One permission or principal. @throws Error for a matcher that is not known here */
export function matches(matcher: Tree, a: Attributes): boolean {
  const [[kind, value] = ['', undefined]] = Object.entries(matcher);
  switch (kind) {
    case 'any':
      return value === true;
    case 'andRules':
      return list(tree(value)['rules']).every((one) => matches(one, a));
    case 'orRules':
      return list(tree(value)['rules']).some((one) => matches(one, a));
    case 'andIds':
      return list(tree(value)['ids']).every((one) => matches(one, a));
    case 'orIds':
      return list(tree(value)['ids']).some((one) => matches(one, a));
    case 'notRule':
    case 'notId':
      return !matches(tree(value), a);
    case 'authenticated':
      return a.sourceIdentity !== undefined && text(tree(tree(value)['principalName']), a.sourceIdentity);
    case 'header':
      return header(tree(value), a);
    case 'urlPath':
      return text(tree(tree(value)['path']), a.path);
    case 'uriTemplate':
      return template(textOf(tree(tree(value)['typedConfig'])['pathTemplate']), a.path);
    case 'destinationPort':
      return a.destinationPort === value;
    case 'destinationIp':
      return inRange(tree(value), a.destinationIp);
    case 'directRemoteIp':
      return inRange(tree(value), a.sourceIp);
    case 'remoteIp':
      return inRange(tree(value), a.remoteIp);
    case 'requestedServerName':
      return text(tree(value), a.sni);
    case 'metadata':
      return metadata(tree(value), a);
    default:
      throw new Error(`unknown matcher ${kind}`);
  }
}

/** An Envoy StringMatcher. */
function text(matcher: Tree, seen: string): boolean {
  const fold = (value: unknown): string => (matcher['ignoreCase'] === true ? textOf(value).toLowerCase() : textOf(value));
  if (matcher['exact'] !== undefined) return fold(seen) === fold(matcher['exact']);
  if (matcher['prefix'] !== undefined) return fold(seen).startsWith(fold(matcher['prefix']));
  if (matcher['suffix'] !== undefined) return fold(seen).endsWith(fold(matcher['suffix']));
  return new RegExp(`^(?:${textOf(tree(matcher['safeRegex'])['regex'])})$`, 's').test(seen);
}

function header(matcher: Tree, a: Attributes): boolean {
  const name = textOf(matcher['name']).toLowerCase();
  const value = name === ':authority' ? a.host : name === ':method' ? a.method : a.header(name);
  if (value === undefined) return false;
  return matcher['presentMatch'] === true || text(tree(matcher['stringMatch']), value);
}

function inRange(range: Tree, address: string): boolean {
  const wanted = parseIpRange(`${textOf(range['addressPrefix'])}/${textOf(range['prefixLen'])}`);
  const seen = parseIpRange(address);
  return (
    wanted !== undefined && seen !== undefined && wanted.v4 === seen.v4 && seen.start >= wanted.start && seen.start <= wanted.end
  );
}

function template(pattern: string, path: string): boolean {
  const glob = "a-zA-Z0-9\\-._~%!$&'()*+,;:@=";
  const regex = pattern
    .split('/')
    .map((part) =>
      part === '**' ? `[${glob}/]*` : part === '*' ? `[${glob}]+` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('/');
  return new RegExp(`^${regex}$`).test(path);
}

function metadata(matcher: Tree, a: Attributes): boolean {
  if (matcher['filter'] !== 'envoy.filters.http.jwt_authn') throw new Error('metadata of another filter');
  let value: unknown = a.auth?.claims;
  for (const { key } of list(matcher['path']).slice(1)) value = tree(value)[textOf(key)];
  return valueMatches(tree(matcher['value']), value);
}

function valueMatches(matcher: Tree, value: unknown): boolean {
  if (matcher['orMatch'] !== undefined)
    return list(tree(matcher['orMatch'])['valueMatchers']).some((one) => valueMatches(one, value));
  if (matcher['listMatch'] !== undefined)
    return Array.isArray(value) && value.some((item) => valueMatches(tree(tree(matcher['listMatch'])['oneOf']), item));
  return typeof value === 'string' && text(tree(matcher['stringMatch']), value);
}
