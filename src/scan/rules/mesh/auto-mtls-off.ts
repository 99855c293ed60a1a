import { memberOf } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_SECURITY, TRANSIT_TAGS } from './common.ts';
import { meshSettings } from './settings.ts';

export const autoMtlsOff = {
  id: 'mesh.auto-mtls-off',
  name: 'Automatic mutual TLS switched off',
  severity: 'medium',
  cwe: [319],
  why: 'Without it sidecars send plaintext to each other unless a DestinationRule says otherwise for each host; a new service is in clear, and where STRICT is demanded it fails, until somebody loosens it.',
  help: 'remove `enableAutoMtls: false`',
  references: [ISTIO_SECURITY],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const { resource, config, at } of meshSettings(context)) {
      if (memberOf(config, 'enableAutoMtls') !== false) continue;
      yield {
        title: 'sidecars send plaintext unless told otherwise (`enableAutoMtls: false`)',
        at: { resource, path: at(['enableAutoMtls']) },
      };
    }
  },
} satisfies SystemRule;
