// Security schemes of OpenAPI and Swagger in one form.
import type { ApiFlow, ApiNode, ApiSecurityScheme } from '#model/api.ts';
import { member } from '#model/api-reference.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import { entriesOf, textOf } from './parts.ts';

/** What Swagger 2 calls the flows of OAuth 2. */
const OLD_FLOWS: Readonly<Record<string, string>> = { application: 'clientCredentials', accessCode: 'authorizationCode' };

/** @param follow gives what a reference means */
export function schemesOf(
  root: ApiNode,
  old: boolean,
  follow: (node: ApiNode) => ApiNode | undefined,
): readonly ApiSecurityScheme[] {
  const holder = member(root, ...(old ? ['securityDefinitions'] : ['components', 'securitySchemes']));
  return entriesOf(holder).flatMap(([name, written]) => {
    const node = follow(written);
    return node && isObject(node.value) ? [schemeOf(name, node, node.value, old)] : [];
  });
}

function schemeOf(name: string, node: ApiNode, raw: RawObject, old: boolean): ApiSecurityScheme {
  const written = textOf(raw['type']);
  const basic = old && written === 'basic';
  const flows: ApiFlow[] = [];
  if (old && written === 'oauth2') flows.push(flowOf(OLD_FLOWS[textOf(raw['flow'])] ?? textOf(raw['flow']), node, raw));
  for (const [type, flow] of entriesOf(member(node, 'flows')))
    if (isObject(flow.value)) flows.push(flowOf(type, flow, flow.value));
  return {
    name,
    type: basic ? 'http' : written,
    ...(typeof raw['in'] === 'string' && { in: raw['in'] }),
    ...(typeof raw['name'] === 'string' && { parameter: raw['name'] }),
    ...(basic ? { scheme: 'basic' } : typeof raw['scheme'] === 'string' && { scheme: raw['scheme'].toLowerCase() }),
    flows,
    node,
  };
}

function flowOf(type: string, node: ApiNode, raw: RawObject): ApiFlow {
  const url = (name: 'authorizationUrl' | 'tokenUrl' | 'refreshUrl'): object =>
    typeof raw[name] === 'string' ? { [name]: raw[name] } : {};
  return {
    type,
    ...url('authorizationUrl'),
    ...url('tokenUrl'),
    ...url('refreshUrl'),
    scopes: isObject(raw['scopes']) ? Object.keys(raw['scopes']) : [],
    at: node.path,
  };
}
