import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hitsInFiles } from '../../../../test/fakes/scan-files.ts';
import { NO_AUTHENTICATION } from './no-authentication.ts';

const deployed = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: 'a:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}
`;

testRule(NO_AUTHENTICATION, {
  fails: [
    ['lifted from one', api({ '/a': { delete: { ...OK, security: [] }, get: { ...OK, security: [] } } }), 'medium'],
    ['nothing as an alternative', api({ '/a': { put: { ...OK, security: [{ bearer: [] }, {}] } } }), 'medium'],
    ['exposed', { ...api({ '/a': { post: { ...OK, security: [] } } }), 'k.yaml': deployed }, 'high'],
  ],
  passes: [
    [
      'reading, and what comes before login',
      api({
        '/a': { get: { ...OK, security: [] } },
        '/users/login': { post: { ...OK, security: [] } },
        '/auth/v1/token': { post: { ...OK, security: [] } },
      }),
    ],
    [
      'own requirement where the document has none',
      api({ '/a': { post: { ...OK, security: [{ bearer: [] }] } } }, { security: [] }),
    ],
  ],
});

test('a finding lists its operations and stands at the first', () => {
  const [found] = hitsInFiles(
    NO_AUTHENTICATION,
    api({ '/a': { post: { ...OK, security: [] } }, '/b': { delete: { ...OK, security: [] } } }),
  );
  assert.match(found!.title, /2 operations change data without authentication: `POST \/a` and `DELETE \/b`/);
  assert.equal(found!.path, 'paths["/a"].post');
  assert.equal(found!.related?.length, 1);
});
