// YAML for fixes.
import { toYaml } from '#policy/yaml.ts';

/** Plain data as YAML that can be pasted, without the last newline. */
export function indented(value: unknown): string {
  return toYaml(value).trimEnd();
}
