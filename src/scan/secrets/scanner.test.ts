import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { buildAutomaton } from './automaton.ts';
import { SECRET_RULES } from './rules.ts';
import { compileSecretRules } from './scanner.ts';

const scanner = compileSecretRules({ rules: SECRET_RULES });

// Nothing here is a secret: values are made from a counter, so that no scanner finds them in this file.
const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
function made(length: number, alphabet = ALNUM, seed = 'a'): string {
  let text = '';
  for (let i = 0; text.length < length; i++)
    for (const byte of createHash('sha256').update(`${seed}${i}`).digest())
      if (text.length < length) text += alphabet[byte % alphabet.length];
  return text;
}
const hex = (length: number): string => made(length, '0123456789abcdef');
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
function checked(prefix: string): string {
  const body = made(30);
  let tail = '';
  for (let rest = crc32(Buffer.from(body)); tail.length < 6; rest = Math.floor(rest / 62)) tail = BASE62[rest % 62] + tail;
  return `${prefix}${body}${tail}`;
}
const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const b64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = `${b64url({ alg: 'RS256', kid: 'k1' })}.${b64url({ sub: 'cart', aud: 'shop' })}.${made(86)}`;
const password = ['t7', 'Vq', '!m', '2Z', 'x#'].join('');
const pem =
  ['-----BEGIN', 'PRIVATE KEY-----\n'].join(' ') +
  `${made(64)}\n${made(64, ALNUM, 'b')}\n` +
  ['-----END', 'PRIVATE KEY-----'].join(' ');

const kinds = (file: string, text: string | Uint8Array): string[] =>
  scanner.scan(file, typeof text === 'string' ? Buffer.from(text) : text).map((hit) => hit.rule);

const found: readonly (readonly [string, string, string])[] = [
  ['github-pat', 'a.txt', `token: ${checked('ghp_')}`],
  ['github-pat', 'a.js', `x="\\n${checked('ghp_')}"`],
  ['npm-access-token', '.npmrc', `//registry.npmjs.org/:_authToken=${checked('npm_')}`],
  ['aws-access-token', 'a.env', `AWS_ACCESS_KEY_ID=AKIA${made(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`],
  ['aws-secret-access-key', 'a.env', `AWS_SECRET_ACCESS_KEY=${made(40)}`],
  ['aws-session-token', 'a.env', `AWS_SESSION_TOKEN=IQoJ${made(400)}`],
  ['gitlab-pat', 'a.yml', `token: glpat-${made(20)}`],
  ['stripe-access-token', 'a.ts', `const key = 'sk_live_${made(24)}';`],
  ['stripe-test-token', 'a.ts', `const key = 'sk_test_${made(24)}';`],
  ['slack-webhook-url', 'a.sh', `curl https://hooks.slack.com/services/T${made(8, 'ABC123')}/B${made(8, 'ABC123')}/${made(24)}`],
  ['jwt', 'a.md', `Authorization: Bearer ${jwt}`],
  ['gcp-api-key', 'a.html', `key=AIza${made(35)}`],
  ['azure-storage-key', 'a.json', `"AccountName=x;AccountKey=${made(86)}==;"`],
  ['private-key', 'a.pem', pem],
  ['private-key', 'key.json', JSON.stringify({ private_key: pem })],
  ['database-url-password', 'a.env', `DATABASE_URL=postgres://shop:${made(12)}@db:5432/shop`],
  ['url-password', 'a.sh', `git clone https://ci:${made(14)}@git.shop.test/x.git`],
  ['netrc-password', '.netrc', `machine git.shop.test login ci password ${made(12)}`],
  ['docker-config-auth', '.docker/config.json', `{"auths":{"r.test":{"auth":"${b64(`ci:${made(16)}`)}"}}}`],
  [
    'kubernetes-secret-yaml',
    'a.yaml',
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: ${b64(made(12))}\n`,
  ],
  ['kubernetes-secret-yaml', 'a.yaml', `apiVersion: v1\nstringData:\n  password: ${made(12)}\nkind: Secret\n`],
  ['kubeconfig-client-key', 'config', `    client-key-data: ${made(400)}`],
  ['terraform-state-secret', 'a.tfstate', `{"password": "${made(12)}"}`],
  ['hashicorp-tf-api-token', 'a.tfrc', `token = "${made(14)}.atlasv1.${made(67)}"`],
  ['telegram-bot-api-token', 'a.py', `bot = "${made(9, '123456789')}:AA${made(33)}"`],
  ['heroku-api-key', 'a.env', `HEROKU_API_KEY=${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`],
  ['generic-api-key', 'a.py', `db_password = "${password}"`],
  ['generic-api-key', 'a.env', `ORDERS_API_KEY=${made(32)}`],
  ['generic-api-key', 'a.xml', `<clientSecret>${made(32)}</clientSecret>`],
  ['generic-api-key', 'a.ts', `const clientSecret: string = '${made(32)}';`],
  ['generic-api-key', 'a.yaml', `- name: ORDERS_TOKEN\n  value: "${made(32)}"`],
  ['generic-api-key', 'a.sh', `run --api-token ${made(32)}`],
  ['curl-auth-user', 'a.md', `curl -s -u "ci:${password}" https://x.test`],
  ['jwk-private-key', 'a.json', `{"kty":"EC","crv":"P-256","x":"${made(43)}","d":"${made(43, ALNUM, 'd')}"}`],
];
for (const [kind, file, text] of found)
  test(`secrets: finds ${kind} in ${file}`, () => assert.ok(kinds(file, text).includes(kind), kinds(file, text).join()));

const silent: readonly (readonly [string, string])[] = [
  ['a.env', 'API_KEY=${ORDERS_API_KEY}'],
  ['a.env', 'DB_PASSWORD=changeme'],
  ['a.yaml', 'password: "{{ .Values.password }}"'],
  ['a.yaml', 'password: <password>'],
  ['a.tf', 'password = var.db_password'],
  ['a.ts', 'const token = await issue(session.token);'],
  ['a.ts', `import { tokenOf } from './token.ts';`],
  ['a.go', 'publicKey := "' + made(40) + '"'],
  ['a.env', ['AWS_ACCESS_KEY_ID=AKIA', 'IOSFODNN7EXAMPLE'].join('')],
  ['a.env', `GITHUB_TOKEN=ghp_${made(36)}`], // its checksum is wrong
  ['a.env', 'GITHUB_TOKEN=ghp_' + 'x'.repeat(36)],
  ['a.env', 'DATABASE_URL=postgres://user:password@localhost/db'],
  ['a.env', 'DATABASE_URL=postgres://user:${PASSWORD}@localhost/db'],
  ['a.yaml', 'apiVersion: v1\nkind: SealedSecret\nspec:\n  encryptedData:\n    password: ' + made(700)],
  ['a.yaml', `apiVersion: v1\nkind: ConfigMap\ndata:\n  colour: ${b64('blue and green')}`],
  ['a.json', `{"integrity": "sha512-${made(86)}==", "_id": "x"}`],
  ['a.md', ['-----BEGIN', 'PRIVATE KEY-----\n...\n-----END', 'PRIVATE KEY-----'].join(' ')],
  ['a.md', ['-----BEGIN', 'CERTIFICATE-----\n'].join(' ') + made(400)],
  ['a.ts', `key_id = "${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}"`],
  [
    'a.ts',
    `const key = ['${['-----BEGIN', 'PRIVATE KEY-----'].join(' ')}', base64(made).replaceAll(/.{64}/g, '$&'), 'and so on for quite a while'];`,
  ],
  ['a.yaml', 'secretName: shop-orders-tls-2024'],
  ['a.py', 'PASSWORD_MIN_LENGTH = "12 or more characters 3"'],
];
for (const [file, text] of silent)
  test(`secrets: silent about ${text.slice(0, 40).replaceAll('\n', ' ')}`, () => assert.deepEqual(kinds(file, text), []));

test('secrets: a hit names its place in UTF-16 units and never holds the secret', () => {
  const secret = checked('ghp_');
  const [hit] = scanner.scan('x/a.txt', Buffer.from(`eins\r\n😀ä token ${secret} end\n`));
  assert.deepEqual([hit!.line, hit!.column, hit!.endLine, hit!.endColumn], [2, 11, 2, 51]);
  assert.equal(hit!.preview, 'ghp_… (40 characters)');
  assert.ok(!JSON.stringify(hit).includes(secret.slice(4)));
  const [made] = scanner.scan('a.py', Buffer.from(`db_password = "${password}"`));
  assert.equal(made!.preview, `… (${password.length} characters)`);
});

test('secrets: fingerprints follow the key, stable ids do not, and those of passwords do not depend on them', () => {
  const scan = (text: string, fingerprintKey: string) => scanner.scan('a.py', Buffer.from(text), { fingerprintKey })[0]!;
  const token = `t = "${checked('ghp_')}"`;
  assert.notEqual(scan(token, 'a').fingerprint, scan(token, 'b').fingerprint);
  assert.equal(scan(token, 'a').stable, scan(`\n\n${token}`, 'b').stable);
  assert.equal(scan(`db_password = "${password}"`, 'a').stable, scan(`db_password = "${password}Q"`, 'a').stable);
});

test('secrets: base64, hex, percent and encodings inside each other are looked into, at the place of the outermost', () => {
  const secret = checked('ghp_');
  for (const [text, encoding] of [
    [b64(`the token is ${secret}`), 'base64'],
    [Buffer.from(`token ${secret}`).toString('hex'), 'hex'],
    [`https://x.test/?a=%20b%20${secret}%26c`, 'percent'],
    [b64(`more: ${b64(`the token is ${secret}`)}`), 'base64, base64'],
  ] as const) {
    const [hit] = scanner.scan('a.txt', Buffer.from(`first\nvalue: ${text}\n`));
    assert.equal(hit?.rule, 'github-pat', encoding);
    assert.equal(hit!.line, 2);
    if (encoding !== 'percent') assert.equal(hit!.encoding, encoding);
  }
  assert.deepEqual(scanner.scan('a.txt', Buffer.from(b64(`the token is ${secret}`)), { decodeDepthMax: 0 }), []);
});

test('secrets: UTF-16 with and without its mark is read as text', () => {
  const text = `token = ${checked('ghp_')}\r\n`.repeat(2);
  const little = Buffer.from(text, 'utf16le');
  for (const bytes of [
    Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
    little,
    Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(little).swap16()]),
  ])
    assert.deepEqual(
      scanner.scan('a.txt', bytes).map(({ line, column }) => [line, column]),
      [
        [1, 9],
        [2, 9],
      ],
    );
});

test('secrets: a binary file is looked at for key material only', () => {
  const der = Buffer.from(
    ['30', '81', '87', '020100', '3013', '06072a8648ce3d0201', '06082a8648ce3d030107', '046d', '00'.repeat(109)].join(''),
    'hex',
  );
  assert.deepEqual(kinds('a.key', der), ['pkcs8-private-key']);
  assert.deepEqual(kinds('a.jks', Buffer.from('feedfeed0000000200000001', 'hex')), ['java-keystore']);
  assert.deepEqual(kinds('a.bin', Buffer.concat([Buffer.from([0, 1, 2, 3]), Buffer.from(checked('ghp_'))])), []);
  assert.deepEqual(kinds('a.gz', gzipSync('x')), []);
});

test('secrets: `gitleaks:allow` on the line lets it pass', () => {
  const [hit] = scanner.scan('a.py', Buffer.from(`db_password = "${password}"  # gitleaks:allow\n`));
  assert.match(hit!.suppressed!, /gitleaks:allow/);
});

test('secrets: of kinds that claim one text the particular one wins', () => {
  assert.deepEqual(kinds('a.env', `STRIPE_SECRET_KEY=sk_live_${made(24)}`), ['stripe-access-token']);
});

test('secrets: there are at least 150 kinds, ids are unique, and each keyword is one the automaton can find', () => {
  assert.ok(SECRET_RULES.length >= 150);
  assert.equal(new Set(SECRET_RULES.map(({ id }) => id)).size, SECRET_RULES.length);
  for (const { id, keywords } of SECRET_RULES)
    for (const word of keywords) assert.ok(word.length >= 2 && word === word.toLowerCase(), id);
});

test('automaton: finds what a plain search finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('a', 'B', 'c', 'd'), maxLength: 40 }),
      (words, text) => {
        const unique = [...new Set(words)];
        const { next, classes, firstOutput, stride, outputs } = buildAutomaton(unique);
        const seen: string[] = [];
        let state = 0;
        Buffer.from(text).forEach((byte, i) => {
          state = next[state + classes[byte]!]!;
          if (state >= firstOutput)
            for (const word of outputs[(state - firstOutput) / stride]!)
              seen.push(`${i + 1 - unique[word]!.length}:${unique[word]}`);
        });
        const lower = text.toLowerCase();
        const wanted = unique.flatMap((word) =>
          Array.from(lower).flatMap((_, i) => (lower.startsWith(word, i) ? [`${i}:${word}`] : [])),
        );
        assert.deepEqual(seen.sort(), wanted.sort());
      },
    ),
    { numRuns: 200 },
  );
});

test('secrets: any bytes give hits with places, and the same ones again', () => {
  const words = fc.constantFrom(
    'password',
    '=',
    '"',
    ':',
    '\n',
    'token',
    'ghp_',
    'eyJ',
    '%41',
    'curl -u ',
    '://',
    '@',
    '-----BEGIN PRIVATE KEY-----',
    'kind: Secret\n',
    'data:\n',
    '\u0000',
    '\ufeff',
    'ä',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 12 })), { maxLength: 60 }), (parts) => {
      const bytes = Buffer.from(parts.join(''));
      const hits = scanner.scan('a.yaml', bytes);
      assert.ok(hits.every(({ line, column, endLine }) => line >= 1 && column >= 1 && endLine >= line));
      assert.deepEqual(scanner.scan('a.yaml', bytes), hits);
    }),
    { numRuns: 150 },
  );
});

test('secrets: a file made of nothing but look-alikes is told, and ends', () => {
  const told: string[] = [];
  const hits = scanner.scan('a.env', Buffer.from(`password = "${password}"\n`.repeat(8000)), {
    tell: (why) => told.push(why),
    hitsMax: 10,
  });
  assert.equal(hits.length, 10);
  assert.equal(told.length, 1);
});

test('secrets: a file made of nothing but keywords is told, and what stands before them is found', () => {
  const told: string[] = [];
  const hits = scanner.scan('a.env', Buffer.from(`password = "${password}"\n${'glpat-'.repeat(60_000)}`), {
    tell: (why) => told.push(why),
  });
  assert.equal(hits.length, 1);
  assert.equal(told.length, 1);
  scanner.scan('b.env', Buffer.from('glpat-abc = 1 # a token of no length\n'.repeat(5000)), { tell: (why) => told.push(why) });
  assert.equal(told.length, 1);
});
