// Rules over a few lines of YAML.
import assert from 'node:assert/strict';
import { readSystem } from '#ingest/read.ts';
import type { Finding } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { lintContext } from '#policy/lint/context.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { findingOf } from '#scan/rule.ts';
import type { ScanContext, SystemRule } from '#scan/rule.ts';

/** 2026-11-24, so that what depends on dates stays the same. */
export const TEST_NOW = Date.UTC(2026, 10, 24);

/** The System of some YAML; a mistake in it fails the test. */
export function systemOf(...yaml: readonly string[]): System {
  const { system, diagnostics } = readSystem(yaml.map((text, i) => ({ file: `case${i === 0 ? '' : i}.yaml`, text })));
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return system;
}

/** What a rule sees of some YAML. */
export function contextOf(...yaml: readonly string[]): ScanContext {
  const system = systemOf(...yaml);
  let reach: ReturnType<typeof reachOf> | undefined;
  return { system, lint: lintContext(system), reach: () => (reach ??= reachOf(system)), now: TEST_NOW };
}

/** The findings of one rule over some YAML. */
export function hits(rule: SystemRule, ...yaml: readonly string[]): readonly Finding[] {
  return [...rule.check(contextOf(...yaml))].map((hit) => findingOf(rule, hit));
}
