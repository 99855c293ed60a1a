import type { SystemRule } from '../../rule.ts';
import { isLocal } from '../local-address.ts';
import { OWASP_API } from './common.ts';

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
