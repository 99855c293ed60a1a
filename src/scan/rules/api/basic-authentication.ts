import type { SystemRule } from '../../rule.ts';
import { isLocal } from '../local-address.ts';
import { OWASP_API } from './common.ts';

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
