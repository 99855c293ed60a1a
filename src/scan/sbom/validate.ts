// Whether a document is valid CycloneDX 1.6, by the schema itself.
import { compileSchema } from '#syntax/json-schema.ts';
import type { Validator } from '#syntax/json-schema.ts';

/** The schema's files, parsed (`rules/scan/cyclonedx/`). */
export interface CycloneDxSchemas {
  readonly bom: unknown;
  readonly jsf: unknown;
  readonly spdx: unknown;
}

/** Makes the validator of CycloneDX 1.6. Compile it once. */
export function cycloneDxValidator({ bom, jsf, spdx }: CycloneDxSchemas): Validator {
  return compileSchema(bom, [jsf, spdx]);
}

/** Ids of the SPDX licence list, as the schema's file `spdx.schema.json` holds them. */
export function licenceIds(spdx: unknown): ReadonlySet<string> {
  const list = typeof spdx === 'object' && spdx !== null ? (spdx as { enum?: unknown }).enum : undefined;
  return new Set(Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []);
}
