import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { envLiteral } from './env-literal.ts';

const env = (name: string, value: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "c:1.0.0", env: [{name: ${name}, value: ${JSON.stringify(value)}}]}]}\n`;

testRule(envLiteral, {
  fails: [
    ['password', env('DB_PASSWORD', 'tr0ub4dor&3'), 'medium'],
    ['password in an address', env('DATABASE_URL', 'postgres://shop:tr0ub4dor@db/x'), 'medium'],
  ],
  passes: [
    ['another variable', env('DB_PASSWORD', '$(FROM_SECRET)')],
    ['a reference to a vault', env('DB_PASSWORD', 'vault:secret/data/db#password')],
    ['a file', env('DB_PASSWORD_FILE', '/run/secrets/db')],
    ['a time', env('TOKEN_TTL', '3600')],
    ['the name of a Secret', env('SECRET_NAME', 'orders-db')],
    ['an address with a variable', env('DATABASE_URL', 'postgres://shop:$(PW)@db/x')],
    ['an address without a password', env('AUTH_URL', 'https://login.example.com/token')],
  ],
  hidden: /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i,
});
