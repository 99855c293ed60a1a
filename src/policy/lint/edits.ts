// Fixes as changes of the files that were read.
import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';

/** `edits` of a fix that puts another value in a resource's place; nothing for a resource that was not read from a file. */
export function setting(resource: Resource, path: Path, value: unknown): { readonly edits?: readonly FindingEdit[] } {
  const document = originOf(resource);
  return document ? { edits: [{ op: 'set', document, path, value }] } : {};
}

/** `edits` of a fix that adds an item to a list. */
export function appending(resource: Resource, path: Path, value: unknown): { readonly edits?: readonly FindingEdit[] } {
  const document = originOf(resource);
  return document ? { edits: [{ op: 'append', document, path, value }] } : {};
}

/** `edits` of a fix that writes a resource of its own beside the file of another. */
export function creating(
  beside: Resource,
  name: string,
  ...values: readonly unknown[]
): { readonly edits?: readonly FindingEdit[] } {
  const file = originOf(beside)?.file;
  if (file === undefined || file === '-') return {};
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  return { edits: values.map((value) => ({ op: 'create', file: `${folder}${name}`, value })) };
}
