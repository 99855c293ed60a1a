import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_MATCH_ANALYZER } from './virtual-service-match.ts';

/** Rules with one match each; '' for none. */
const route = (...matches: readonly string[]): string =>
  networking(
    'VirtualService',
    'web',
    `{ hosts: [web], http: [${matches.map((each) => `{ ${each === '' ? '' : `match: [${each}], `}route: [{ destination: { host: web } }] }`).join(', ')}] }`,
  );

testAnalyzer(VIRTUAL_SERVICE_MATCH_ANALYZER, {
  fails: [
    ['behind a rule that takes everything', [route('', '{ uri: { prefix: /a } }')], 'VirtualServiceUnreachableRule'],
    [
      'the same once more',
      [route('{ uri: { exact: /a } }', '{ uri: { exact: /a } }')],
      'VirtualServiceIneffectiveMatch',
      'VirtualServiceUnreachableRule',
    ],
    [
      'a prefix of the path goes before',
      [route('{ uri: { prefix: /a } }', '{ uri: { prefix: /a/b } }')],
      'VirtualServiceIneffectiveMatch',
    ],
  ],
  passes: [
    ['the longer prefix first', [route('{ uri: { prefix: /a/b } }', '{ uri: { prefix: /a } }', '')]],
    [
      'other methods',
      [route('{ uri: { exact: /a }, method: { exact: GET } }', '{ uri: { exact: /a }, method: { exact: POST } }')],
    ],
  ],
});
