// Cases of one rule: where it finds its weakness, and near misses where it must be silent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import type { RuleInfo, SystemRule } from '#scan/rule.ts';
import { hits } from './scan.ts';
import { hitsInFiles } from './scan-files.ts';
import type { Files } from './scan-files.ts';

/** What is found in an input: the severities in order. */
export type Failing<Input> = readonly [
  what: string,
  input: Input,
  ...severities: readonly [FindingSeverity, ...FindingSeverity[]],
];
export type Passing<Input> = readonly [what: string, input: Input];

/** A rule needs one of each at least. */
export interface RuleCases<Input> {
  readonly fails: readonly [Failing<Input>, ...Failing<Input>[]];
  readonly passes: readonly [Passing<Input>, ...Passing<Input>[]];
  /** What no finding may show: the secrets that the cases hold. */
  readonly hidden?: RegExp;
}

/** YAML, several YAML files, or files by name. */
export type SystemInput = string | readonly string[] | Files;

/** Runs the cases of a rule over a System. */
export function testRule(rule: SystemRule, cases: RuleCases<SystemInput>): void {
  testRuleBy(rule, (input) => (isFiles(input) ? hitsInFiles(rule, input) : hits(rule, ...[input].flat())), cases);
}

function isFiles(input: SystemInput): input is Files {
  return typeof input !== 'string' && !Array.isArray(input);
}

/**
 * Runs the cases of a rule over anything.
 * @param find gives the findings of an input; those of other rules do not count
 */
export function testRuleBy<Input>(
  rule: RuleInfo,
  find: (input: Input) => readonly Finding[],
  { fails, passes, hidden }: RuleCases<Input>,
): void {
  const own = (input: Input): readonly Finding[] => find(input).filter(({ code }) => code === rule.id);
  test(`${rule.id} is found`, () => {
    for (const [what, input, ...severities] of fails) {
      const found = own(input);
      assert.deepEqual(
        found.map(({ severity }) => severity),
        severities,
        [what, ...found.map(({ title }) => title)].join('\n'),
      );
      for (const { title, location } of found) {
        assert.ok(location, `${what}: ${title}`);
        assert.doesNotMatch(title, /\.$|undefined|\[object/, what);
      }
      assert.equal(new Set(found.map(({ id }) => id)).size, found.length, what);
      if (hidden) assert.doesNotMatch(JSON.stringify(found), hidden, what);
    }
  });
  test(`${rule.id} is silent`, () => {
    for (const [what, input] of passes)
      assert.deepEqual(
        own(input).map(({ title }) => title),
        [],
        what,
      );
  });
}
