import { from, docker } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { APT } from './apt-leftovers.ts';

testRule(APT, {
  fails: [
    ['leftovers', from('RUN apt-get update && apt-get install -y curl'), 'info'],
    ['lists are left', from('RUN apt-get update && apt-get install -y --no-install-recommends curl'), 'info'],
  ],
  passes: [
    ['cleaned', from('RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*')],
    [
      'a cache that is mounted',
      from('RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y --no-install-recommends curl'),
    ],
    [
      'in a building stage',
      docker('FROM debian:13 AS b', 'RUN apt-get update && apt-get install -y gcc', 'FROM scratch', 'COPY --from=b /a /a'),
    ],
  ],
});
