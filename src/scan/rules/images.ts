// Rules over the images that workloads run, by their references.
import type { SystemRule } from '../rule.ts';
import { registry } from './images/registry.ts';
import { tag } from './images/tag.ts';
import { versions } from './images/versions.ts';

export const IMAGE_RULES: readonly SystemRule[] = [tag, versions, registry];
