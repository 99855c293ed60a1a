// What is said of every rule, without loading the rules where that was done before.
import type { RuleInfo } from '#scan/rule.ts';
import { remembered } from './cache.ts';
import { cacheFolder } from './places.ts';

/**
 * Every rule by its id, its words only.
 * @param cache whether what an earlier command wrote down may be used
 */
export async function ruleInfos(
  env: Readonly<Record<string, string | undefined>>,
  cache: boolean,
): Promise<ReadonlyMap<string, RuleInfo>> {
  const rows = await remembered(cache ? cacheFolder(env) : undefined, 'rules', async (): Promise<readonly RuleInfo[]> => {
    const { RULES } = await import('#scan/catalogue.ts');
    return [...RULES.values()].map(({ id, name, severity, cwe, why, help, references, tags }) => ({
      id,
      name,
      severity,
      cwe,
      why,
      help,
      references,
      tags,
    }));
  });
  return new Map(rows.map((rule) => [rule.id, rule]));
}
