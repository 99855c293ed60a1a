import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { legacyToken } from './legacy-token.ts';

testRule(legacyToken, {
  fails: [
    [
      'a token without an end',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: t, annotations: {kubernetes.io/service-account.name: cart}}\ntype: kubernetes.io/service-account-token\n',
      'medium',
    ],
  ],
  passes: [
    [
      'an ordinary Secret',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: t, annotations: {kubernetes.io/service-account.name: cart}}\ntype: Opaque\n',
    ],
    [
      'a token of a day',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "c:1"}], volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 3600}}]}}]}\n',
    ],
  ],
});
