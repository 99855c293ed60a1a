// Pipelines: what they leave out, and what they let in.
import type { Repository } from '../pipelines/github.ts';
import type { SubjectRule } from '../rule.ts';
import { NO_DEPENDENCY_SCAN } from './build/no-dependency-scan.ts';
import { NO_SECRET_SCAN } from './build/no-secret-scan.ts';
import { SCAN_NOT_ENFORCED } from './build/scan-not-enforced.ts';
import { FOREIGN_CHECKOUT } from './build/pull-request-target-checkout.ts';
import { SCRIPT_INJECTION } from './build/script-injection.ts';
import { SECRET_PRINTED } from './build/secret-printed.ts';
import { SELF_HOSTED } from './build/self-hosted-pull-request.ts';
import { UNPINNED_ACTION } from './build/unpinned-action.ts';
import { WRITE_ALL } from './build/write-all.ts';

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
