import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_REGEX_ANALYZER } from './regex.ts';

const route = (match: string): string =>
  networking(
    'VirtualService',
    'web',
    `{ hosts: [web], http: [{ match: [{ ${match} }], route: [{ destination: { host: web } }] }] }`,
  );

testAnalyzer(VIRTUAL_SERVICE_REGEX_ANALYZER, {
  fails: [
    ['a look ahead', [route("uri: { regex: '/a(?=b)' }")], 'InvalidRegexp'],
    ['a group that is not closed', [route("headers: { x-user: { regex: '(a|b' } }")], 'InvalidRegexp'],
    [
      'in a rewrite',
      [
        networking(
          'VirtualService',
          'web',
          "{ hosts: [web], http: [{ rewrite: { uriRegexRewrite: { match: '(?<!a)b', rewrite: c } } }] }",
        ),
      ],
      'InvalidRegexp',
    ],
  ],
  passes: [
    ['names and classes', [route("uri: { regex: '/(?P<n>[a-z]+)/\\pL' }")]],
    ['no expression', [route("uri: { exact: '/(a' }")]],
  ],
});
