import { objectAt, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { meshSettings } from './settings.ts';

export const pathsNotNormalised = {
  id: 'mesh.paths-not-normalised',
  name: 'Paths are judged as they are sent',
  severity: 'medium',
  cwe: [22, 863],
  why: 'With `NONE` a policy compares the raw path. `/public/../admin` begins with `/public`, and a server that resolves the dots answers `/admin`.',
  help: 'remove the setting, or use `MERGE_SLASHES` or `DECODE_AND_MERGE_SLASHES`',
  references: ['https://istio.io/latest/docs/reference/config/security/normalization/'],
  tags: ['nsa-k8s:authorization', 'soc2:CC6.1'],
  *check(context: ScanContext): Generator<Hit> {
    for (const { resource, config, at } of meshSettings(context)) {
      if (textAt(objectAt(config, 'pathNormalization'), 'normalization') !== 'NONE') continue;
      yield {
        title: 'policies judge paths without normalising them (`NONE`)',
        at: { resource, path: at(['pathNormalization', 'normalization']) },
      };
    }
  },
} satisfies SystemRule;
