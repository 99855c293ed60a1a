import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { argumentSecret } from './argument.ts';

const args = (...list: readonly string[]): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "c:1.0.0", args: ${JSON.stringify(list)}}]}\n`;

testRule(argumentSecret, {
  fails: [
    ['password', args('--password=tr0ub4dor3'), 'medium'],
    ['in the command of a shell', args('-c', 'curl http://admin:tr0ub4dor@grafana/api'), 'medium'],
  ],
  passes: [
    ['variable and file', args('--password=$(PASSWORD)', '--password-file=/x')],
    ['the name of a Secret', args('--secret-name=db', '--token-ttl=3600')],
  ],
  hidden: /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i,
});
