// cullis.dev/v1 GatePolicy and Suppressions: the team's own bar for the build.
import { z } from 'zod';

const severity = (description: string) =>
  z.enum(['critical', 'high', 'medium', 'low', 'info', 'never']).optional().meta({ description });
const days = (description: string) => z.int().min(0).max(3650).optional().meta({ description });
const flag = (description: string) => z.boolean().optional().meta({ description });
const rules = (description: string) => z.array(z.string().min(1).max(200)).max(1000).optional().meta({ description });
const terms = z
  .strictObject({ critical: days('days'), high: days('days'), medium: days('days'), low: days('days'), info: days('days') })
  .optional()
  .meta({ description: 'days from the first sighting until a finding is overdue; 3, 14, 60 and 180 when absent' });

export const gatePolicySchema = z
  .strictObject({
    failOnNew: severity('findings that are new since the baseline fail from this severity on; medium when absent'),
    failOnAny: severity('old or new findings fail from this severity on; critical when absent'),
    failOnOverdue: flag('a finding whose day has passed fails; true when absent'),
    failOnNewPaths: flag('a new way from the internet to a crown jewel fails; true when absent'),
    pathsMax: z.int().min(0).max(1_000_000).optional().meta({ description: 'more ways than this fail' }),
    failOnNotAnalysed: z
      .enum(['never', 'errors', 'all'])
      .optional()
      .meta({ description: 'broken documents (errors, the default), or everything that was not analysed (all), fail' }),
    forbid: rules('rules (`image.tag`, `rbac.*`) that fail whatever their severity'),
    allow: rules('rules that never fail'),
    terms,
    vulnerabilities: z
      .strictObject({
        failOn: severity('from this severity on; high when absent'),
        onlyFixable: flag('only those that a newer version fixes; true when absent'),
        graceDays: days('days that one may be known before it fails; 0 when absent'),
        failOnPath: flag('those on a path to a crown jewel fail at once; true when absent'),
        failOnExploited: flag('those that are known to be exploited fail at once, fix or not; true when absent'),
      })
      .optional()
      .meta({ description: 'the bar for known vulnerabilities' }),
    parity: z
      .array(
        z.strictObject({
          a: z.string().min(1).meta({ description: 'folder further from production' }),
          b: z.string().min(1).meta({ description: 'folder nearer to production' }),
        }),
      )
      .max(100)
      .optional()
      .meta({ description: 'pairs of folders that must be alike: staging and production' }),
  })
  .meta({ title: 'GatePolicy', description: 'what `cullis gate` lets through' });

export const suppressionsSchema = z
  .strictObject({
    suppressions: z
      .array(
        z.strictObject({
          rule: z.string().min(1).max(200).meta({ description: "a rule's id, `area.*`, or a finding's id" }),
          reason: z.string().min(8).max(2000).meta({ description: 'why the team lives with it' }),
          until: z
            .string()
            .regex(/^\d{4}-\d{2}-\d{2}$/, { message: 'must be a day as `2027-01-31`' })
            .optional()
            .meta({ description: 'the last day on which it holds' }),
          path: z.string().min(1).optional().meta({ description: "pattern over the finding's file" }),
          subject: z.string().min(1).optional().meta({ description: 'pattern over what it is about: `Deployment shop/*`' }),
        }),
      )
      .max(10_000)
      .meta({ description: 'one entry a rule, path or subject' }),
  })
  .meta({
    title: 'Suppressions',
    description: 'findings that the team lives with, each with its reason (`.cullis-ignore.yaml`)',
  });
