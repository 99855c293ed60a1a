import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { TEST_NOW } from '../../../../test/fakes/scan.ts';
import { secret } from '../../../../test/fakes/secrets-config.ts';
import { age } from './age.ts';

const ago = (days: number): string => new Date(TEST_NOW - days * 86_400_000).toISOString();

const aged = (annotation: string, days: number): string => secret('', `, annotations: {${annotation}: "${ago(days)}"}`);

testRule(age, {
  fails: [
    ['31 days', aged('cullis.dev/rotated-at', 31), 'medium'],
    ['400 days', aged('cullis.dev/rotated-at', 400), 'high'],
    ['a day that is to come', aged('cullis.dev/rotated-at', -3), 'medium'],
    ['by the annotation of another tool', aged('secrets.example/created', 40), 'medium'],
    ['since it was created', secret('', `, creationTimestamp: "${ago(90)}"`), 'medium'],
    [
      'an ExternalSecret that is never read again',
      'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {refreshInterval: "0"}\n',
      'low',
    ],
  ],
  passes: [
    ['29 days', aged('cullis.dev/rotated-at', 29)],
    ['an annotation about something else', aged('example.com/owner-contacted', 400)],
    [
      'a longer time that is allowed',
      secret('', `, annotations: {cullis.dev/rotated-at: "${ago(40)}", cullis.dev/max-age: 90d}`),
    ],
    [
      'rotated since it was created',
      secret('', `, creationTimestamp: "${ago(90)}", annotations: {cullis.dev/rotated-at: "${ago(2)}"}`),
    ],
    ['a certificate, which has dates of its own', secret('type: kubernetes.io/tls\n', `, creationTimestamp: "${ago(90)}"`)],
    [
      'an ExternalSecret that is',
      'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {refreshInterval: 1h}\n',
    ],
    [
      'an old ExternalSecret that is',
      'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, creationTimestamp: "2020-01-01T00:00:00Z"}\nspec: {refreshInterval: 1h}\n',
    ],
    [
      "an authority's certificate",
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, creationTimestamp: "2020-01-01T00:00:00Z"}\ndata: {ca.crt: aGVsbG8=}\n',
    ],
  ],
});
