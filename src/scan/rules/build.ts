// Pipelines: what they leave out, and what they let in.
import type { Repository } from '../pipelines/github.ts';
import type { SubjectRule } from '../rule.ts';
import { NO_DEPENDENCY_SCAN, NO_SECRET_SCAN, SCAN_NOT_ENFORCED } from './build/scanning.ts';
import {
  FOREIGN_CHECKOUT,
  SCRIPT_INJECTION,
  SECRET_PRINTED,
  SELF_HOSTED,
  UNPINNED_ACTION,
  WRITE_ALL,
} from './build/workflows.ts';

export const BUILD_RULES: readonly SubjectRule<Repository>[] = [
  NO_DEPENDENCY_SCAN,
  NO_SECRET_SCAN,
  SCAN_NOT_ENFORCED,
  FOREIGN_CHECKOUT,
  SCRIPT_INJECTION,
  SECRET_PRINTED,
  UNPINNED_ACTION,
  WRITE_ALL,
  SELF_HOSTED,
];
