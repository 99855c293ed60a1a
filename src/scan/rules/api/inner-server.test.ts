import { api } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { INNER_SERVER } from './inner-server.ts';

testRule(INNER_SERVER, {
  fails: [['staging', api({}, { servers: [{ url: 'https://api.acme.com' }, { url: 'https://staging.acme.com' }] }), 'low']],
  passes: [
    [
      'alone, or a sandbox',
      api(
        {},
        { servers: [{ url: 'https://api.acme.com' }, { url: 'https://sandbox.acme.com' }, { url: 'https://latest.acme.com' }] },
      ),
    ],
    [
      'a document of the test system',
      api({}, { servers: [{ url: 'https://staging.acme.com' }, { url: 'https://test.acme.com' }] }),
    ],
    [
      'a name that only begins so',
      api({}, { servers: [{ url: 'https://api.acme.com' }, { url: 'https://testimonials.acme.com' }] }),
    ],
  ],
});
