// Names that kustomize looks for.
import { baseOf } from '#base/paths.ts';

/** Names of a kustomization; the first that a folder has counts. */
export const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

export function isKustomizationFile(file: string): boolean {
  return KUSTOMIZATIONS.includes(baseOf(file));
}
