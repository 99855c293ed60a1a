// Rules over files of any name: Dockerfiles, specifications, OAuth documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSystem } from '#ingest/read.ts';
import type { Finding } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { lintContext } from '#policy/lint/context.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { findingOf } from '#scan/rule.ts';
import type { SystemRule } from '#scan/rule.ts';
import { TEST_NOW } from './scan.ts';

/** Text by file name. */
export type Files = Readonly<Record<string, string>>;

/** The System of some files; an error in one fails the test. */
export function systemOfFiles(files: Files): System {
  const { system, diagnostics } = readSystem(Object.entries(files).map(([file, text]) => ({ file, text })));
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return system;
}

/** The findings of one rule over some files. */
export function hitsInFiles(rule: SystemRule, files: Files): readonly Finding[] {
  const system = systemOfFiles(files);
  let reach: ReturnType<typeof reachOf> | undefined;
  const context = { system, lint: lintContext(system), reach: () => (reach ??= reachOf(system)), now: TEST_NOW };
  return [...rule.check(context)].map((hit) => findingOf(rule, hit));
}

/** One case of a rule: files, and the severities of what is found, in order; none where nothing must be found. */
export type RuleCase = readonly [rule: SystemRule, name: string, files: Files, ...severities: Finding['severity'][]];

/** Runs cases of a table of rules, of which each needs one that fails and one that passes; every finding must have a place. */
export function testRules(rules: readonly SystemRule[], cases: readonly RuleCase[]): void {
  for (const [rule, name, files, ...severities] of cases)
    test(`${rule.id}: ${name}`, () => {
      const found = hitsInFiles(rule, files);
      assert.deepEqual(
        found.map(({ severity }) => severity),
        severities,
        found.map(({ title }) => title).join('\n'),
      );
      for (const { title, location } of found) {
        assert.ok(location, title);
        assert.doesNotMatch(title, /\.$|undefined|\[object/);
      }
      assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
    });
  test('every rule has a case that fails and one that passes', () => {
    for (const rule of rules) {
      const own = cases.filter(([one]) => one === rule);
      assert.ok(
        own.some(([, , , ...severities]) => severities.length > 0),
        `${rule.id} has no failing case`,
      );
      assert.ok(
        own.some(([, , , ...severities]) => severities.length === 0),
        `${rule.id} has no passing case`,
      );
    }
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  });
}
