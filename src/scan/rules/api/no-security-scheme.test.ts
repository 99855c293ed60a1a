import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_SCHEME } from './no-security-scheme.ts';

testRule(NO_SCHEME, {
  fails: [['none', { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {/a: {post: {responses: {}}}}' }, 'low']],
  passes: [
    [
      'reads only, or schemes',
      { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\npaths: {/a: {get: {responses: {}}}}', ...api({ '/a': { post: OK } }) },
    ],
    ['schemes that nothing demands', api({ '/a': { post: OK } }, { security: [] })],
  ],
});
