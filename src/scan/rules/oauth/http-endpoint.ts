import type { SystemRule } from '../../rule.ts';
import { isLocal } from '../local-address.ts';
import { BCP, serverHit } from './common.ts';

export const PLAIN_SERVER = {
  id: 'oauth.http-endpoint',
  name: 'Authorization server without TLS',
  severity: 'high',
  cwe: [319],
  why: 'Passwords, codes, tokens and client secrets travel unencrypted.',
  help: 'serve every endpoint over `https`',
  references: ['RFC 6749 section 3.1', BCP],
  tags: ['owasp-api:API2:2023', 'pci-dss:4.2.1'],
  *check({ system }) {
    for (const server of system.oauthServers) {
      if (server.sslRequired?.value.toLowerCase() === 'none')
        yield serverHit(server, server.sslRequired.path, `the realm \`${server.name}\` does not demand TLS`, {
          fix: { text: 'demand it from outside', yaml: 'sslRequired: external\n' },
        });
      const plain = server.endpoints.find(({ value }) => /^http:\/\//i.test(value) && !isLocal(value));
      if (plain) yield serverHit(server, plain.path, `\`${plain.name}\` of \`${server.name}\` is plain HTTP`);
    }
  },
} satisfies SystemRule;
