// cullis.dev/v1 EgressPolicy: bounds and inspection of what leaves the mesh.
import { z } from 'zod';
import { INSPECT_KINDS } from '#model/istio-egress.ts';
import { durationText } from './texts.ts';

const amount = (description: string) =>
  z
    .int()
    .min(1)
    .max(2 ** 40)
    .optional()
    .meta({ description });
const label = z.string().max(63);

export const egressPolicySchema = z
  .strictObject({
    selector: z
      .strictObject({ matchLabels: z.record(z.string().min(1).max(317), label).optional() })
      .optional()
      .meta({ description: 'workloads of this namespace (of every namespace, in the root namespace), by label' }),
    targetRefs: z
      .array(
        z.strictObject({
          group: z.enum(['', 'core', 'networking.istio.io']).optional(),
          kind: z.enum(['Service', 'ServiceEntry']),
          name: z.string().min(1).max(253),
        }),
      )
      .min(1)
      .max(16)
      .optional()
      .meta({ description: 'Service: the workloads behind it; ServiceEntry: calls to it, whoever makes them' }),
    limits: z
      .strictObject({
        window: durationText(1000).optional().meta({ description: 'length of the sliding window; 1m when absent' }),
        bytes: amount('bytes sent to destinations outside within the window'),
        requests: amount('requests and TCP connections within the window'),
        destinations: z.int().min(1).max(10_000).optional().meta({ description: 'different destinations within the window' }),
        connectionDuration: durationText(100)
          .optional()
          .meta({ description: 'longest life of one TCP connection, tunnel or request' }),
      })
      .optional()
      .meta({ description: 'what a workload may send out; each workload has its own account' }),
    inspect: z
      .strictObject({
        action: z
          .enum(['deny', 'raise'])
          .optional()
          .meta({ description: 'refuse it, or let it pass and say so; deny when absent' }),
        kinds: z
          .array(z.enum(INSPECT_KINDS))
          .min(1)
          .optional()
          .meta({ description: 'what is looked for; everything when absent' }),
        exceptRules: z
          .array(z.string().min(1).max(100))
          .max(500)
          .optional()
          .meta({ description: 'ids of rules that do not count' }),
        exceptHeaders: z
          .array(z.string().regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, { message: 'must be a header name' }))
          .max(100)
          .optional()
          .meta({
            description:
              'header fields that carry the credential for the destination; Authorization, Cookie and the usual API-key fields when absent',
          }),
        bytes: z
          .int()
          .min(1024)
          .max(64 * 1024 * 1024)
          .optional()
          .meta({ description: 'bytes looked at of one body or connection; 1 MiB when absent' }),
        emails: z
          .int()
          .min(1)
          .max(100_000)
          .optional()
          .meta({ description: 'different e-mail addresses in one request that count as a leak; 50 when absent' }),
        wholeOnly: z.boolean().optional().meta({
          description:
            'what cannot be read, because it is compressed or longer than `bytes`, counts as a finding; true with `deny` when absent',
        }),
      })
      .optional()
      .meta({ description: 'search for secrets and personal data in what is sent out' }),
  })
  .meta({ title: 'EgressPolicy', description: 'bounds and inspection of what workloads send out of the mesh' });
