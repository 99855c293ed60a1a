// Bills of materials in, whichever format they are in.
import { readJson } from '#syntax/json.ts';
import type { Validator } from '#syntax/json-schema.ts';
import { readXml } from '#syntax/xml.ts';
import { isCycloneDx, readCycloneDxJson, readCycloneDxXml } from './cyclonedx-read.ts';
import type { SbomRead } from './document.ts';
import { isSpdx, readSpdxJson, readSpdxTagValue } from './spdx-read.ts';

export interface SbomOptions {
  /** Checks documents of CycloneDX 1.6 (cycloneDxValidator); without it they are read as far as they go. */
  readonly validate?: Validator;
}

/** Names under which bills of materials are kept. @param path with `/` between folders */
export function mayBeSbom(path: string): boolean {
  return /(?:^|\/)(?:[^/]*\.)?(?:bom|sbom|cdx|spdx)(?:\.[^/]*)?\.(?:json|xml|spdx)$|\.(?:spdx|cdx)$|(?:^|\/)bom\.(?:json|xml)$/i.test(
    path,
  );
}

/**
 * Reads CycloneDX (JSON, XML) or SPDX 2 (JSON, tag-value).
 * @returns undefined when the text is none of them. Never throws for what it says
 */
export function readSbom(file: string, text: string, options: SbomOptions = {}): SbomRead | undefined {
  const start = text
    .slice(0, 1000)
    .trimStart()
    .replace(/^\ufeff/, '')
    .trimStart();
  if (start.startsWith('{')) {
    // Reading a document with its places costs; one that cannot be meant is not read. An escape could hide the member's name.
    if (!/"(?:bomFormat|spdxVersion|specVersion)"/.test(text) && !text.includes('\\u')) return undefined;
    const json = readJson(file, text);
    if (isCycloneDx(json.value)) return readCycloneDxJson(file, json, options.validate);
    return isSpdx(json.value) ? readSpdxJson(file, json) : undefined;
  }
  if (start.startsWith('<')) {
    const { root } = readXml(file, text);
    return root?.name === 'bom' ? readCycloneDxXml(file, root, text) : undefined;
  }
  return /^SPDXVersion:\s*SPDX-2\./m.test(text.slice(0, 100_000)) ? readSpdxTagValue(file, text) : undefined;
}
