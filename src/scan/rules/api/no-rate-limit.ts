import type { SystemRule } from '../../rule.ts';
import { CONSUMPTION, documentHit, OWASP_API, placeOf } from './common.ts';

/** A document that never speaks of 429 describes an API without limits, or hides them from its clients. */
export const NO_LIMIT = {
  id: 'api.no-rate-limit',
  name: 'No rate limit is documented',
  severity: 'low',
  cwe: [770, 799],
  why: 'Nothing says that callers are held back. Without limits passwords and codes are guessed, data is scraped, and one client takes the capacity of all.',
  help: 'limit at the gateway (a `RateLimitPolicy`), and document 429 with `Retry-After`',
  references: [OWASP_API, CONSUMPTION],
  tags: ['owasp-api:API4:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      if (api.operations.length === 0) continue;
      const limited = api.operations.some(({ responses }) =>
        responses.some(({ status, headers }) => status === '429' || headers.some((name) => /ratelimit|retry-after/.test(name))),
      );
      // A catch-all response may well be the 429.
      const covered = api.operations.every(({ responses }) => responses.some(({ status }) => /^(?:4XX|default)$/i.test(status)));
      if (limited || covered) continue;
      const guessed = api.operations.filter(
        ({ path, method }) => method === 'POST' && /login|otp|password|token|signin|verify/i.test(path),
      );
      yield documentHit(api, (guessed.length > 0 ? guessed : api.operations.slice(0, 1)).map(placeOf), (list) =>
        guessed.length > 0
          ? `no operation documents 429, not even those that check passwords or codes: ${list}`
          : 'no operation documents 429',
      );
    }
  },
} satisfies SystemRule;
