import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY } from '../../../../test/fakes/secrets-config.ts';
import { literalSecret } from './literal.ts';

test('what is a secret, and what only speaks of one', () => {
  for (const [name, value, want] of [
    ['password', 'x7', 'name'],
    ['dbPassword', 'hunter2', 'name'],
    ['POSTGRES_PASSWORD', 'postgres', 'name'],
    ['clientSecret', 'abc', 'name'],
    ['PASSWORD_POLICY', 'strict', undefined],
    ['TOKEN_ENDPOINT', 'abc', undefined],
    ['PASSWORD', '********', undefined],
    ['PASSWORD', '<password>', undefined],
    ['SECRET', '/var/run/secret', undefined],
    ['TOKEN', 'true', undefined],
    ['x', 'amqp://u:p4ss@h', 'url'],
    ['x', 'Server=db;Database=x;User Id=u;Password=p4ss;', 'url'],
    ['x', 'amqp://u@h', undefined],
    ['x', KEY, 'key'],
  ] as const) {
    assert.equal(literalSecret(name, value)?.by, want, `${name}=${value}`);
  }
  assert.equal(literalSecret('POSTGRES_PASSWORD', 'postgres')?.guessable, true);
});
