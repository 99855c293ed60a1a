import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { config, env } from '../../../../test/fakes/tls.ts';
import { connection, database } from './database-plain.ts';

testRule(database, {
  fails: [
    ['sslmode=disable', env('DB', 'postgres://u@db.example.com/x?sslmode=disable'), 'medium'],
    ['Kafka in clear', env('KAFKA_SECURITY_PROTOCOL', 'SASL_PLAINTEXT'), 'medium'],
    ['a switch', env('DB_SSL', 'false'), 'medium'],
    ['in a ConfigMap', config('DB_SSLMODE: disable', 'settings'), 'medium'],
  ],
  passes: [
    ['on this machine', env('DB', 'postgres://u@localhost/x?sslmode=disable')],
    ['verified', env('DB', 'postgres://u@db.example.com/x?sslmode=verify-full')],
    ['Kafka over TLS', env('KAFKA_SECURITY_PROTOCOL', 'SASL_SSL')],
  ],
});

test('connection strings are judged, and their passwords never repeated', () => {
  for (const [text, want] of [
    ['postgres://shop:hunter2@db:5432/x?sslmode=disable', 'connects in clear to'],
    ['postgres://shop:hunter2@db:5432/x?sslmode=require', 'encrypts at best, without checking the certificate of'],
    ['mysql://shop:hunter2@db/x?tls=skip-verify', 'does not check the certificate of'],
    ['mysql://shop:hunter2@db/x?tls=true', undefined],
    ['jdbc:mysql://db/x?useSSL=false&user=shop', 'connects in clear to'],
    ['jdbc:sqlserver://db;encrypt=true;trustServerCertificate=true', 'does not check the certificate of'],
    ['jdbc:sqlserver://db; encrypt = false; user=x', 'connects in clear to'],
    ['redis://:hunter2@cache:6379/0', 'sends a password in clear (`redis://`) to'],
    ['redis://cache:6379/0', undefined],
    ['rediss://:hunter2@cache:6379/0', undefined],
    ['amqp://shop:hunter2@broker', 'sends a password in clear (`amqp://`) to'],
    ['mongodb://db/x?ssl=false', 'connects in clear to'],
    ['host=db user=shop sslmode=disable', 'connects in clear to'],
    ['http://cart/x?secure=false', undefined],
    ['', undefined],
  ] as const) {
    const found = connection(text);
    assert.equal(found?.what, want, text);
    assert.doesNotMatch(JSON.stringify(found ?? ''), /hunter2/);
  }
});
