import { findingsInCode, javascript, python } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { WITHOUT_EXPIRY } from './jwt-without-expiry.ts';

const FLASK = "from flask_jwt_extended import JWTManager\napp.config['JWT_SECRET_KEY'] = os.environ['K']\n";

testRuleBy(WITHOUT_EXPIRY, findingsInCode, {
  fails: [
    ['JavaScript', javascript("jwt.sign({ sub: 1 }, process.env.K, { algorithm: 'HS256' });"), 'medium'],
    ['Python', python('jwt.encode({"sub": u}, os.environ["K"], algorithm="HS256")'), 'medium'],
    ['Flask, switched off', ['a.py', `${FLASK}app.config['JWT_ACCESS_TOKEN_EXPIRES'] = False`], 'medium'],
  ],
  passes: [
    ['five minutes', javascript("jwt.sign({ sub }, process.env.K, { expiresIn: '5m' });")],
    ['Python, by the claim', python('jwt.encode({"sub": u, "exp": e}, os.environ["K"], algorithm="HS256")')],
    ['Flask, as it is by default', ['a.py', FLASK]],
  ],
});
