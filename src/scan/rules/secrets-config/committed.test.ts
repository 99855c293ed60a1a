import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { DATA, secret } from '../../../../test/fakes/secrets-config.ts';
import { committed } from './committed.ts';

testRule(committed, {
  fails: [['password', secret(DATA), 'medium']],
  passes: [
    ['a placeholder', secret('data: {password: Y2hhbmdlbWU=}\n')],
    ['a variable', secret('stringData: {password: "${DB_PASSWORD}"}\n')],
    ["an authority's certificate", secret('data: {ca.crt: aGVsbG8=}\n')],
    ['encrypted by SOPS', secret('stringData: {password: "ENC[AES256_GCM,data:xyz]"}\nsops: {version: 3.9.0}\n')],
    ['encrypted by SOPS, as data', secret('data: {password: "ENC[AES256_GCM,data:xyz]"}\nsops: {version: 3.9.0}\n')],
    [
      'sealed',
      'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {encryptedData: {password: AgBy}}\n',
    ],
  ],
  hidden: /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i,
});
