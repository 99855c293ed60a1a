import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECRET_RULES } from '../rules.ts';
import { compileSecretRules } from '../scanner.ts';
import { importGitleaks } from './import.ts';

function scan(toml: string, text: string, file = 'a.txt'): string[] {
  const { set, diagnostics } = importGitleaks('r.toml', toml);
  assert.deepEqual(diagnostics, []);
  return compileSecretRules(set)
    .scan(file, Buffer.from(text))
    .map((hit) => `${hit.rule} ${hit.line}:${hit.column}-${hit.endColumn}`);
}

const rule = (more: string): string => `[[rules]]\nid = "acme"\ndescription = "Acme token"\n${more}\n`;
const BASIC = `regex = '''(?i)\\bacme_([a-z0-9]{8})(?:['"\\s;]|$)'''\nkeywords = ["ACME_"]`;

test('gitleaks rules: the first group is the secret, keywords ignore case', () => {
  assert.deepEqual(scan(rule(BASIC), 'x\nkey = ACME_a1b2c3d4;'), ['acme 2:12-20']);
  assert.deepEqual(scan(rule(BASIC), 'xacme_a1b2c3d4'), []);
});

test('gitleaks rules: secretGroup, entropy, path', () => {
  assert.deepEqual(scan(rule(`regex = 'k(\\d+)-(\\w+)'\nsecretGroup = 2`), 'k12-abc'), ['acme 1:5-8']);
  assert.deepEqual(scan(rule(`${BASIC}\nentropy = 2.5`), 'acme_aaaaaaab acme_a1b2c3d4'), ['acme 1:20-28']);
  assert.deepEqual(scan(rule(`${BASIC}\npath = '\\.env$'`), 'acme_a1b2c3d4'), []);
  assert.deepEqual(scan(rule(`${BASIC}\npath = '\\.env$'`), 'acme_a1b2c3d4', 'x/.env'), ['acme 1:6-14']);
  assert.deepEqual(scan(rule(`path = '\\.p12$'`), 'anything', 'x.p12'), ['acme 1:1-1']);
});

test('gitleaks rules: allow lists, old and new, with condition, target and stop words', () => {
  const text = 'acme_a1b2c3d4 // fixture';
  for (const [list, isAllowed] of [
    [`[rules.allowlist]\nregexes = ['^a1b2']`, true],
    [`[rules.allowlist]\nregexes = ['^acme_']`, false],
    [`[rules.allowlist]\nregexTarget = "match"\nregexes = ['^acme_']`, true],
    [`[rules.allowlist]\nregexTarget = "line"\nregexes = ['fixture']`, true],
    [`[[rules.allowlists]]\nstopwords = ["B2C3"]`, true],
    [`[[rules.allowlists]]\ncondition = "AND"\nstopwords = ["b2c3"]\npaths = ['\\.md$']`, false],
    [`[[rules.allowlists]]\ncondition = "AND"\nstopwords = ["b2c3"]\npaths = ['\\.txt$']`, true],
    [`[allowlist]\npaths = ['a\\.txt']`, true],
    [`[[allowlists]]\ntargetRules = ["other"]\npaths = ['a\\.txt']`, false],
    [`[[allowlists]]\ntargetRules = ["acme"]\npaths = ['a\\.txt']`, true],
  ] as const)
    assert.equal(scan(`${rule(BASIC)}${list}\n`, text).length === 0, isAllowed, list);
});

test('gitleaks rules: a required rule must match nearby', () => {
  const toml = `${rule(`${BASIC}\n[[rules.required]]\nid = "user"\nwithinLines = 1`)}[[rules]]\nid = "user"\nregex = 'user=\\w+'\nskipReport = true\n`;
  assert.deepEqual(scan(toml, 'user=ann\nacme_a1b2c3d4\n'), ['acme 2:6-14']);
  assert.deepEqual(scan(toml, 'user=ann\n\n\nacme_a1b2c3d4\n'), []);
});

test('gitleaks rules: extend brings in own rules and other files, and drops disabled ones', () => {
  const { set, diagnostics } = importGitleaks(
    'r.toml',
    `[extend]\nuseDefault = true\npath = "more.toml"\ndisabledRules = ["jwt"]\n`,
    (path) => (path === 'more.toml' ? rule(BASIC) : undefined),
  );
  assert.deepEqual(diagnostics, []);
  assert.equal(set.rules.length, SECRET_RULES.length - 1);
  assert.deepEqual(
    set.whole!.map(({ id }) => id),
    ['acme'],
  );
});

test('gitleaks rules: each mistake has its place', () => {
  const places = (toml: string): string[] =>
    importGitleaks('r.toml', toml).diagnostics.map(({ location, message }) => `${location!.line}:${location!.column} ${message}`);
  for (const [toml, want] of [
    [`[[rules]]\nid = "a"\nregex = '(?=x)y'`, /^3:9 pattern, character 1: look-around/],
    [`[[rules]]\nid = "a"\nregex = 'a{3,1}'`, /^3:9 pattern/],
    [`[[rules]]\nid = "a"\nregex = '[b'`, /^3:9 pattern, character 1: missing `\]`/],
    [`[[rules]]\nregex = 'a'`, /^1:3 a rule needs an `id`/],
    [`[[rules]]\nid = "a"`, /^1:3 rule `a` has neither/],
    [`[[rules]]\nid = "a"\nregex = 'a'\nentropy = "high"`, /^4:11 `entropy` is a number/],
    [`[[rules]]\nid = "a"\nregex = '(a)'\nsecretGroup = 2`, /^4:15 `secretGroup` is 2, but the pattern has 1/],
    [`[[rules]]\nid = "a"\nregex = 'a'\nkeyword = ["a"]`, /^4:11 `keyword` is not known here/],
    [`[extend]\nurl = "https://x.test"`, /^2:7 rules are not fetched/],
    [`[extend]\npath = "x.toml"`, /^2:8 `x\.toml` cannot be read/],
    [`[[rules]]\nid = "a\nregex = 'a'`, /^2:6 missing `"`/],
    [`[[rules]]\nid = "a"\nregex = 'a'\n[[rules.required]]\nid = "b"`, /^5:6 required rule `b` does not exist/],
  ] as const)
    assert.match(places(toml)[0] ?? '', want, toml);
});
