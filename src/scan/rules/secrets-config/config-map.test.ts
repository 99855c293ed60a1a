import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { KEY } from '../../../../test/fakes/secrets-config.ts';
import { configMap } from './config-map.ts';

const config = (data: object): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: ${JSON.stringify(data)}\n`;

testRule(configMap, {
  fails: [
    ['key', config({ API_KEY: 'a8f3k29dk3' }), 'medium'],
    ['in properties', config({ 'app.properties': 'a=b\ndb.password=tr0ub4dor3\n' }), 'medium'],
    ['private key', config({ 'tls.key': KEY }), 'high'],
  ],
  passes: [
    ['a comment, and a variable', config({ 'app.properties': 'a=b\n# db.password=tr0ub4dor3\ndb.password=${DB_PASSWORD}\n' })],
    ['settings', config({ LOG_LEVEL: 'info', API_URL: 'https://x' })],
  ],
  hidden: /tr0ub4dor|a8f3k29dk3|aHVudGVyMmh1|xyz/i,
});
