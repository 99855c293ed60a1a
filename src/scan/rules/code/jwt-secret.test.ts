import { findingsInCode, go, GO_GOOD, javascript, JS_GOOD, python, PYTHON_GOOD } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SECRET } from './jwt-secret.ts';

testRuleBy(SECRET, findingsInCode, {
  fails: [
    ['a constant', javascript(`const SECRET = 'hunter2hunter2';\njwt.verify(t, SECRET, { ${JS_GOOD} });`), 'high'],
    ['where tokens are signed', javascript("jwt.sign({ sub }, 'hunter2hunter2', { expiresIn: '5m' });"), 'high'],
    ['Python', python(`SECRET = "hunter2hunter2"\njwt.decode(t, SECRET, ${PYTHON_GOOD})`), 'high'],
    ['Flask', ['a.py', "from flask_jwt_extended import JWTManager\napp.config['JWT_SECRET_KEY'] = 'hunter2hunter2'"], 'high'],
    ['Go', go(`jwt.Parse(t, func(t *jwt.Token) (any, error) { return []byte("hunter2hunter2"), nil }, ${GO_GOOD})`), 'high'],
  ],
  passes: [
    ['from the environment', javascript(`const SECRET = process.env.JWT_SECRET;\njwt.verify(t, SECRET, { ${JS_GOOD} });`)],
    ['Python, from the environment', python(`jwt.decode(t, os.environ["JWT_SECRET"], ${PYTHON_GOOD})`)],
    [
      'Go, from the environment',
      go(`jwt.Parse(t, func(t *jwt.Token) (any, error) { return []byte(os.Getenv("K")), nil }, ${GO_GOOD})`),
    ],
  ],
  hidden: /hunter2/,
});
