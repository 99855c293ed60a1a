import { yaml } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { INTROSPECTION } from './introspection-without-issuer.ts';

testRule(INTROSPECTION, {
  fails: [
    [
      'Spring',
      {
        'application.yml':
          'spring: {security: {oauth2: {resourceserver: {opaquetoken: {introspection-uri: "https://i/introspect"}}}}}',
      },
      'medium',
    ],
    [
      'in a ConfigMap',
      yaml(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  application.yml: |\n    spring.security.oauth2.resourceserver.opaquetoken.introspection-uri: https://i\n',
      ),
      'medium',
    ],
    [
      'Kong',
      yaml(
        'apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: k}\nplugin: openid-connect\nconfig: {introspection_endpoint: "https://i"}',
      ),
      'medium',
    ],
    [
      'APISIX',
      yaml(
        'apiVersion: apisix.apache.org/v2\nkind: ApisixRoute\nmetadata: {name: k}\nspec: {http: [{plugins: [{name: openid-connect, enable: true, config: {introspection_endpoint: "https://i"}}]}]}',
      ),
      'medium',
    ],
    [
      'Kong declarative',
      {
        'kong.yaml':
          '_format_version: "3.0"\nservices: [{name: a, url: "http://a", routes: [{paths: [/], plugins: [{name: openid-connect, config: {auth_methods: [introspection], audience_required: [a]}}]}]}]',
      },
      'medium',
    ],
    [
      'Kong in a ConfigMap',
      yaml(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  kong.yml: |\n    _format_version: "3.0"\n    plugins: [{name: oauth2-introspection, config: {introspection_url: "https://i"}}]\n',
      ),
      'medium',
    ],
    [
      'APISIX standalone',
      {
        'apisix.yaml':
          'global_rules: [{id: 1, plugins: {openid-connect: {introspection_endpoint: "https://i", claim_validator: {audience: {required: true}}}}}]',
      },
      'medium',
    ],
    [
      'by environment',
      yaml(
        'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: "a:1", env: [{name: SPRING_SECURITY_OAUTH2_RESOURCESERVER_OPAQUETOKEN_INTROSPECTION_URI, value: "https://i"}]}]}',
      ),
      'medium',
    ],
    [
      'OpenResty',
      {
        'nginx.conf':
          'server { location / { access_by_lua_block {\n local res, err = require("resty.openidc").introspect({ a = "}" }) -- res.iss == x\n if err then ngx.exit(403) end } } }',
      },
      'medium',
    ],
  ],
  passes: [
    [
      'switched off, and with issuers',
      {
        'nginx.conf':
          'access_by_lua_block { local res = require("resty.openidc").introspect(opts)\n if res.iss ~= issuer then ngx.exit(403) end }',
        'kong.yaml':
          '_format_version: "3.0"\nplugins: [{name: oauth2-introspection, enabled: false, config: {introspection_url: "https://i"}}]',
        'apisix.yaml':
          'routes: [{uri: /, upstream_id: 1, plugins: {openid-connect: {introspection_endpoint: "https://i", claim_validator: {issuer: {valid_issuers: ["https://i"]}}}}}]',
      },
    ],
    [
      'with issuers',
      {
        ...yaml(
          'apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: k}\nplugin: openid-connect\nconfig: {introspection_endpoint: "https://i", issuers_allowed: ["https://i"]}',
        ),
        'application.yml': 'spring: {security: {oauth2: {resourceserver: {jwt: {issuer-uri: "https://i"}}}}}',
      },
    ],
  ],
});
