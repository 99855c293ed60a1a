import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits, systemOf, TEST_NOW } from '../../../test/fakes/scan.ts';
import { secretAges, timeOf } from '../secret-age.ts';
import { SECRETS_CONFIG_RULES } from './secrets-config.ts';
import { literalSecret } from './secrets-config/literal.ts';

const env = (name: string, value: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "c:1.0.0", env: [{name: ${name}, value: ${JSON.stringify(value)}}]}]}\n`;
const args = (...list: readonly string[]): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "c:1.0.0", args: ${JSON.stringify(list)}}]}\n`;
const config = (data: object): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: ${JSON.stringify(data)}\n`;
const secret = (more: string, meta = ''): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop${meta}}\n${more}`;
const DATA = 'data: {password: aHVudGVyMmh1bnRlcg==}\n';
const ago = (days: number): string => new Date(TEST_NOW - days * 86_400_000).toISOString();
const aged = (annotation: string, days: number): string => secret('', `, annotations: {${annotation}: "${ago(days)}"}`);
const KEY = '-----BEGIN RSA PRIVATE KEY-----\nxyz\n-----END RSA PRIVATE KEY-----\n';

const ROWS: readonly (readonly [yaml: string, want: string])[] = [
  [env('DB_PASSWORD', 'tr0ub4dor&3'), 'medium secrets-config.env-literal'],
  [env('DB_PASSWORD', '$(FROM_SECRET)'), ''],
  [env('DB_PASSWORD', 'vault:secret/data/db#password'), ''],
  [env('DB_PASSWORD_FILE', '/run/secrets/db'), ''],
  [env('TOKEN_TTL', '3600'), ''],
  [env('SECRET_NAME', 'orders-db'), ''],
  [env('DATABASE_URL', 'postgres://shop:tr0ub4dor@db/x'), 'medium secrets-config.env-literal'],
  [env('DATABASE_URL', 'postgres://shop:$(PW)@db/x'), ''],
  [env('AUTH_URL', 'https://login.example.com/token'), ''],
  [args('--password=tr0ub4dor3'), 'medium secrets-config.argument'],
  [args('--password=$(PASSWORD)', '--password-file=/x'), ''],
  [args('-c', 'curl http://admin:tr0ub4dor@grafana/api'), 'medium secrets-config.argument'],
  [config({ API_KEY: 'a8f3k29dk3' }), 'medium secrets-config.config-map'],
  [config({ 'app.properties': 'a=b\ndb.password=tr0ub4dor3\n' }), 'medium secrets-config.config-map'],
  [config({ 'app.properties': 'a=b\n# db.password=tr0ub4dor3\ndb.password=${DB_PASSWORD}\n' }), ''],
  [config({ 'tls.key': KEY }), 'high secrets-config.config-map'],
  [config({ LOG_LEVEL: 'info', API_URL: 'https://x' }), ''],
  [secret(DATA), 'medium secrets-config.committed'],
  [secret('data: {password: Y2hhbmdlbWU=}\n'), ''],
  [secret('stringData: {password: "${DB_PASSWORD}"}\n'), ''],
  [secret('data: {ca.crt: aGVsbG8=}\n'), ''],
  [secret('stringData: {password: "ENC[AES256_GCM,data:xyz]"}\nsops: {version: 3.9.0}\n'), ''],
  [secret('data: {password: "ENC[AES256_GCM,data:xyz]"}\nsops: {version: 3.9.0}\n'), ''],
  ['apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {encryptedData: {password: AgBy}}\n', ''],
  [
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {example.com/api-key: "A8f3k29dk3xyz"}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`,
    'medium secrets-config.annotation',
  ],
  [
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {nginx.ingress.kubernetes.io/auth-secret: basic-auth}}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`,
    '',
  ],
  [aged('cullis.dev/rotated-at', 29), ''],
  [aged('cullis.dev/rotated-at', 31), 'medium secret.age'],
  [aged('cullis.dev/rotated-at', 400), 'high secret.age'],
  [aged('cullis.dev/rotated-at', -3), 'medium secret.age'],
  [aged('secrets.example/created', 40), 'medium secret.age'],
  [aged('example.com/owner-contacted', 400), ''],
  [secret('', `, annotations: {cullis.dev/rotated-at: "${ago(40)}", cullis.dev/max-age: 90d}`), ''],
  [secret('', `, creationTimestamp: "${ago(90)}"`), 'medium secret.age'],
  [secret('', `, creationTimestamp: "${ago(90)}", annotations: {cullis.dev/rotated-at: "${ago(2)}"}`), ''],
  [secret('type: kubernetes.io/tls\n', `, creationTimestamp: "${ago(90)}"`), ''],
  [
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {refreshInterval: "0"}\n',
    'low secret.age',
  ],
  ['apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {refreshInterval: 1h}\n', ''],
  // What names a value says nothing about when it changed; a certificate has dates of its own.
  [
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, creationTimestamp: "2020-01-01T00:00:00Z"}\nspec: {refreshInterval: 1h}\n',
    '',
  ],
  [
    'apiVersion: v1\nkind: Secret\nmetadata: {name: s, creationTimestamp: "2020-01-01T00:00:00Z"}\ndata: {ca.crt: aGVsbG8=}\n',
    '',
  ],
];

test('secrets are found where they stand in clear, and when they are old', () => {
  for (const [yaml, want] of ROWS) {
    const found = SECRETS_CONFIG_RULES.flatMap((each) => hits(each, yaml));
    assert.equal(found.map(({ severity, code }) => `${severity} ${code}`).join(', '), want, yaml);
    assert.doesNotMatch(JSON.stringify(found), /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i, yaml);
  }
});

test('what is a secret, and what only speaks of one', () => {
  for (const [name, value, want] of [
    ['password', 'x7', 'name'],
    ['dbPassword', 'hunter2', 'name'],
    ['POSTGRES_PASSWORD', 'postgres', 'name'],
    ['clientSecret', 'abc', 'name'],
    ['PASSWORD_POLICY', 'strict', undefined],
    ['TOKEN_ENDPOINT', 'abc', undefined],
    ['PASSWORD', '********', undefined],
    ['PASSWORD', '<password>', undefined],
    ['SECRET', '/var/run/secret', undefined],
    ['TOKEN', 'true', undefined],
    ['x', 'amqp://u:p4ss@h', 'url'],
    ['x', 'Server=db;Database=x;User Id=u;Password=p4ss;', 'url'],
    ['x', 'amqp://u@h', undefined],
    ['x', KEY, 'key'],
  ] as const) {
    assert.equal(literalSecret(name, value)?.by, want, `${name}=${value}`);
  }
  assert.equal(literalSecret('POSTGRES_PASSWORD', 'postgres')?.guessable, true);
});

test('times', () => {
  const day = Date.UTC(2026, 9, 1);
  for (const text of [
    '2026-10-01',
    '2026-10-01T00:00:00Z',
    '2026-10-01T02:00:00+02:00',
    '2026-10-01 00:00',
    String(day / 1000),
    String(day),
  ]) {
    assert.equal(timeOf(text), day, text);
  }
  for (const text of ['', 'yesterday', '2026-13-01', '12', '2026-10-01T']) assert.equal(timeOf(text), undefined, text);
});

test('the history of a file counts where nothing else says', () => {
  const system = systemOf(secret(DATA));
  assert.deepEqual(secretAges(system, TEST_NOW), []);
  const [age] = secretAges(system, TEST_NOW, new Map([['Secret shop/s', TEST_NOW - 45 * 86_400_000]]));
  assert.deepEqual([age?.days, age?.by], [45, 'history']);
});
