import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placeOf, wordsOf } from './common.ts';
import type { Place } from './common.ts';

/** RFC 6750 section 5.3: query strings are written to logs, histories and Referer headers. */
export const KEY_IN_QUERY = {
  id: 'api.credential-in-query',
  name: 'Credential in the query string',
  severity: 'medium',
  cwe: [598],
  why: 'Query strings are kept in access logs, browser histories, proxies and Referer headers. Who reads any of these has the credential.',
  help: 'take the credential from a header, or from the body of a POST',
  references: [OWASP_API, 'RFC 6750 section 5.3'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      for (const scheme of api.securitySchemes) {
        if (scheme.type !== 'apiKey' || scheme.in !== 'query') continue;
        yield {
          title: `the API key \`${scheme.parameter ?? scheme.name}\` goes in the query string`,
          at: { resource: scheme.node.resource, path: [...scheme.node.path, 'in'] },
          fix: { text: 'take it from a header', yaml: `${scheme.name}:\n  type: apiKey\n  in: header\n  name: X-API-Key\n` },
        };
      }
      const places: Place[] = api.operations.flatMap((operation) =>
        operation.parameters
          .filter((one) => one.in === 'query' && isCredential(one.name))
          .map((one) => ({ node: one.node, text: `${one.name} of ${placeOf(operation).text}` })),
      );
      if (places.length > 0)
        yield documentHit(api, places, (list) => `a credential goes in the query string: ${list}`, { detail: 'parameters' });
    }
  },
} satisfies SystemRule;

function isCredential(name: string): boolean {
  return /(?:^| )(?:password|passwd|pwd|secret|client secret|access token|refresh token|api key|apikey|otp|pin code|credit card|card number|cvv)$/.test(
    wordsOf(name),
  );
}

/** A password with every request. */
export const BASIC = {
  id: 'api.basic-authentication',
  name: 'HTTP Basic authentication',
  severity: 'low',
  cwe: [522],
  why: 'The password itself travels with every request and cannot be limited in time, scope or place: one request seen in a log or by a proxy gives the account away.',
  help: 'use tokens that expire (OAuth 2), or mutual TLS between services',
  references: [OWASP_API, 'RFC 7617 section 4'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const plain = api.servers.some(({ url }) => url.startsWith('http://') && !isLocal(url));
      for (const scheme of api.securitySchemes) {
        if (scheme.type !== 'http' || (scheme.scheme !== 'basic' && scheme.scheme !== 'digest')) continue;
        yield {
          title: `\`${scheme.name}\` is HTTP ${scheme.scheme === 'basic' ? 'Basic' : 'Digest'} authentication${plain ? ' over plain HTTP' : ''}`,
          severity: plain ? 'high' : 'low',
          at: {
            resource: scheme.node.resource,
            path: [...scheme.node.path, scheme.node.path[0] === 'securityDefinitions' ? 'type' : 'scheme'],
          },
        };
      }
    }
  },
} satisfies SystemRule;

/** On this machine, or inside a cluster, where the mesh encrypts. */
export function isLocal(url: string): boolean {
  const host = (/^(?:[a-z]+:)?\/\/([^/:?#]+|\[[^\]]*\])/i.exec(url)?.[1] ?? '').toLowerCase();
  return (
    host === 'localhost' ||
    host === '[::1]' ||
    host === '0.0.0.0' ||
    host.startsWith('127.') ||
    host === '' ||
    host.includes('{') ||
    !host.includes('.') ||
    /\.(?:local|internal|svc|localhost|test|example)$|\.svc\./.test(host)
  );
}

/** Requests and credentials in plain text. */
export const PLAIN_HTTP = {
  id: 'api.plain-http',
  name: 'API served over plain HTTP',
  severity: 'medium',
  cwe: [319],
  why: 'Whoever sits between client and server reads and changes requests, tokens included.',
  help: 'list `https` servers only, and redirect or refuse the rest',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/'],
  tags: ['owasp-api:API8:2023', 'pci-dss:4.2.1'],
  *check({ system }) {
    for (const api of system.apis) {
      const servers = [
        ...api.servers.map((server) => ({ ...server, resource: api.resource })),
        ...api.operations.flatMap(({ servers: own, node }) => own.map((server) => ({ ...server, resource: node.resource }))),
      ];
      const seen = new Set<string>();
      for (const { url, at, resource } of servers) {
        if (!/^(?:http|ws):\/\//i.test(url) || isLocal(url) || seen.has(url)) continue;
        seen.add(url);
        yield { title: `the server \`${url.slice(0, 100)}\` is plain HTTP`, at: { resource, path: at }, detail: url };
      }
      for (const { name, flows, node } of api.securitySchemes)
        for (const { tokenUrl, authorizationUrl, refreshUrl, at } of flows)
          for (const [member, url] of Object.entries({ authorizationUrl, tokenUrl, refreshUrl }))
            if (url !== undefined && /^http:\/\//i.test(url) && !isLocal(url))
              yield {
                title: `\`${member}\` of \`${name}\` is plain HTTP: credentials and codes go there unencrypted`,
                severity: 'high',
                at: { resource: node.resource, path: [...at, member] },
                detail: url,
              };
    }
  },
} satisfies SystemRule;

/** What a client is to do when it is refused. */
export const NO_REFUSAL = {
  id: 'api.no-refusal-documented',
  name: 'Refusals are not documented',
  severity: 'info',
  cwe: [755],
  why: 'Operations that demand a credential say nothing of 401 or 403. Tests made from the document then never check that they refuse.',
  help: 'document 401 and 403',
  references: [OWASP_API],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const silent = api.operations.filter(
        ({ open, responses }) => !open && !responses.some(({ status }) => /^(?:401|403|4XX|default)$/i.test(status)),
      );
      if (silent.length > 0)
        yield documentHit(
          api,
          silent.map(placeOf),
          (list, count) => `neither 401 nor 403 is documented for ${count} protected operations: ${list}`,
        );
    }
  },
} satisfies SystemRule;
