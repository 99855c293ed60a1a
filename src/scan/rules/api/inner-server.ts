import type { SystemRule } from '../../rule.ts';
import { INVENTORY, OWASP_API } from './common.ts';
import { isLocal } from '../local-address.ts';

const INNER =
  /^https?:\/\/(?:[^/:?#]*[.-])?(?:dev|develop|development|test|testing|staging|stage|qa|uat|preprod|internal)[.-][^/:?#]*/i;

/** Addresses of systems that outsiders need not know, in a document that also names a public one. */
export const INNER_SERVER = {
  id: 'api.inner-server',
  name: 'Test or staging server in a published document',
  severity: 'low',
  cwe: [200],
  why: 'Test systems hold real data more often than they hold real protection. The document tells outsiders where they are.',
  help: 'keep a document per environment',
  references: [OWASP_API, INVENTORY],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const isInner = (url: string): boolean => INNER.test(url) && !/sandbox|example\./i.test(url);
      const outer = api.servers.some(({ url }) => url.startsWith('https:') && !isInner(url) && !isLocal(url));
      const found = outer ? api.servers.filter(({ url }) => isInner(url)) : [];
      for (const { url, at } of found)
        yield {
          title: `\`${url.slice(0, 100)}\` is listed beside public servers`,
          at: { resource: api.resource, path: at },
          detail: url,
        };
    }
  },
} satisfies SystemRule;
