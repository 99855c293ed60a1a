// Rules written for gitleaks 8 (https://github.com/gitleaks/gitleaks#configuration), with their mistakes told by `file:line:column`.
import type { Diagnostic } from '#model/diagnostic.ts';
import { readToml } from '#syntax/toml.ts';
import type { SecretAllow } from '../allow.ts';
import { PatternError, compilePattern } from '../re2/pattern.ts';
import { SECRET_RULES } from '../rules.ts';
import type { SecretRuleSet } from '../scanner.ts';
import { patternRule } from '../whole-rule.ts';
import type { WholeRule } from '../whole-rule.ts';
import { allowLists } from './allow-lists.ts';
import { Reading } from './reading.ts';

export interface GitleaksImport {
  readonly set: SecretRuleSet;
  readonly diagnostics: readonly Diagnostic[];
}

/** Gives the text of a file that a configuration extends; undefined when there is none. */
export type LoadConfig = (path: string) => string | undefined;

/** As gitleaks: configurations extend each other at most twice. */
const EXTEND_DEPTH_MAX = 2;
const RULE_KEYS = [
  'id',
  'description',
  'regex',
  'path',
  'entropy',
  'secretGroup',
  'keywords',
  'tags',
  'allowlist',
  'allowlists',
  'required',
  'skipReport',
];
const TOP_KEYS = ['title', 'description', 'extend', 'rules', 'allowlist', 'allowlists', 'minVersion'];

interface Drafts {
  readonly rules: Map<string, WholeRule>;
  /** Rules whose matches only make others count. */
  readonly hidden: Set<string>;
  readonly allow: SecretAllow[];
  readonly disabled: Set<string>;
  own: boolean;
}

/**
 * Reads a `.gitleaks.toml`. What is wrong in it is left out and told; the rest counts. `extend.useDefault` brings this product's own rules in.
 */
export function importGitleaks(file: string, text: string, load: LoadConfig = () => undefined): GitleaksImport {
  const diagnostics: Diagnostic[] = [];
  const drafts: Drafts = { rules: new Map(), hidden: new Set(), allow: [], disabled: new Set(), own: false };
  read(file, text, load, drafts, diagnostics, 0);
  const whole = [...drafts.rules.values()].filter(({ id }) => !drafts.disabled.has(id) && !drafts.hidden.has(id));
  const own = drafts.own ? SECRET_RULES.filter(({ id }) => !drafts.disabled.has(id) && !drafts.rules.has(id)) : [];
  return { set: { rules: own, whole, allow: drafts.allow }, diagnostics };
}

function read(file: string, text: string, load: LoadConfig, drafts: Drafts, diagnostics: Diagnostic[], depth: number): void {
  const document = readToml(file, text);
  diagnostics.push(...document.mistakes);
  const at = new Reading(document.value, [], document, diagnostics);
  at.known(TOP_KEYS);
  const extend = at.table('extend');
  if (extend) extended(extend, load, drafts, diagnostics, depth);
  drafts.allow.push(...allowLists(at, undefined));
  const rules = at.tables('rules');
  const required: { reading: Reading; id: string }[] = [];
  for (const rule of rules) {
    const id = readRule(rule, drafts);
    if (id !== undefined && rule.value['required'] !== undefined) required.push({ reading: rule, id });
  }
  // A rule may ask for one that stands below it.
  for (const { reading, id } of required) if (drafts.rules.has(id)) readRule(reading, drafts, true);
}

function extended(extend: Reading, load: LoadConfig, drafts: Drafts, diagnostics: Diagnostic[], depth: number): void {
  extend.known(['path', 'url', 'useDefault', 'disabledRules']);
  if (extend.boolean('useDefault') === true) drafts.own = true;
  if (extend.string('url') !== undefined)
    extend.mistake(['url'], 'rules are not fetched from addresses', 'download the file and name it in `path`');
  for (const id of extend.strings('disabledRules')) drafts.disabled.add(id);
  const path = extend.string('path');
  if (path === undefined) return;
  const text = depth < EXTEND_DEPTH_MAX ? load(path) : undefined;
  if (depth >= EXTEND_DEPTH_MAX) extend.mistake(['path'], `configurations extend each other more than ${EXTEND_DEPTH_MAX} times`);
  else if (text === undefined) extend.mistake(['path'], `\`${path}\` cannot be read`);
  else read(path, text, load, drafts, diagnostics, depth + 1);
}

/** @returns the rule's id when it has one */
function readRule(rule: Reading, drafts: Drafts, withRequired = false): string | undefined {
  if (!withRequired) rule.known(RULE_KEYS);
  const id = rule.string('id');
  if (id === undefined || id === '') {
    rule.mistake([], 'a rule needs an `id`');
    return undefined;
  }
  if (!withRequired) drafts.allow.push(...allowLists(rule, id));
  if (rule.boolean('skipReport') === true) drafts.hidden.add(id);
  const regex = rule.string('regex');
  const path = rule.pattern('path');
  if (regex === undefined && path === undefined) {
    // Only allow lists and the like, for a rule that stands elsewhere.
    const isKnown = drafts.rules.has(id) || (drafts.own && SECRET_RULES.some((own) => own.id === id));
    if (!isKnown && rule.value['path'] === undefined) rule.mistake([], `rule \`${id}\` has neither \`regex\` nor \`path\``);
    return id;
  }
  try {
    if (regex !== undefined) checkGroup(rule, compilePattern(regex).groups);
    drafts.rules.set(
      id,
      patternRule({
        id,
        name: rule.string('description') ?? id,
        regex,
        path,
        keywords: rule
          .strings('keywords')
          .map((word) => word.toLowerCase())
          .filter((word) => word !== ''),
        entropy: rule.number('entropy') ?? 0,
        secretGroup: rule.number('secretGroup') ?? 0,
        required: withRequired ? requiredRules(rule, drafts) : [],
      }),
    );
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    if (!withRequired) rule.patternMistake(['regex'], error);
    drafts.rules.delete(id);
  }
  return id;
}

function checkGroup(rule: Reading, groups: number): void {
  const group = rule.number('secretGroup') ?? 0;
  if (!Number.isInteger(group) || group < 0 || group > groups)
    rule.mistake(['secretGroup'], `\`secretGroup\` is ${group}, but the pattern has ${groups} groups`);
}

function requiredRules(
  rule: Reading,
  drafts: Drafts,
): { rule: WholeRule; withinLines: number | undefined; withinColumns: number | undefined }[] {
  return rule.tables('required').flatMap((each) => {
    each.known(['id', 'withinLines', 'withinColumns']);
    const id = each.string('id');
    const found = id === undefined ? undefined : drafts.rules.get(id);
    if (!found) {
      each.mistake(['id'], `required rule \`${id ?? ''}\` does not exist`);
      return [];
    }
    return [{ rule: found, withinLines: each.number('withinLines'), withinColumns: each.number('withinColumns') }];
  });
}
