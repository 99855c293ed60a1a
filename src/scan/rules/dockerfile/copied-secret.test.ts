import { docker, from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { COPIED_SECRET } from './copied-secret.ts';

testRule(COPIED_SECRET, {
  fails: [
    ['environment file', from('COPY .env /app/'), 'high'],
    ['SSH key in JSON form', from('COPY ["id_rsa", "/root/.ssh/id_rsa"]'), 'high'],
    ['in a building stage', docker('FROM node:24 AS b', 'COPY kubeconfig /k', 'FROM scratch', 'COPY --from=b /a /a'), 'medium'],
  ],
  passes: [
    ['examples and sources', from('COPY .env.example src/env.ts public.key.md ./')],
    ['from another stage', docker('FROM node:24 AS b', 'FROM node:24', 'COPY --from=b /app/.env /app/')],
  ],
});
