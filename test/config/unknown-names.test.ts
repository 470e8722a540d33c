import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { development, problemsOf } from './settings.ts';

describe('a name that is not ours to ignore:', () => {
  const cases: [name: string, meant: RegExp][] = [
    ['PUBLC_URL', /Did you mean PUBLIC_URL\?/],
    ['DATABASE_ULR', /Did you mean DATABASE_URL\?/],
    ['public_url', /Did you mean PUBLIC_URL\?/],
    ['SMPT_URL', /Did you mean SMTP_URL\?/],
    ['DATADIR', /Did you mean DATA_DIR\?/],
    ['GOOGLE_CLIENTID', /Did you mean GOOGLE_CLIENT_ID\?/],
    ['ENCRYPTION_KEY', /Did you mean ENCRYPTION_KEYS\?/],
    ['ENCRYPTION_KEY_FILE', /Did you mean ENCRYPTION_KEYS_FILE\?/],
    ['GOOGLE_CLIENT_ID_FILE', /not a setting/],
    ['SMTP_PORT', /Those that begin with SMTP_ are SMTP_URL, SMTP_URL_FILE\./],
    ['BLUESKY_ANYTHING', /not a setting/],
    ['SYNAPSE_TOKEN', /not a setting/],
  ];
  for (const [name, meant] of cases) {
    test(`${name} is refused`, () => {
      const problems = problemsOf({ ...development, [name]: '25' });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]?.startsWith(`${name} is not a setting.`), problems[0]);
      assert.match(problems[0] ?? '', meant);
    });
  }

  test('the variables of ordinary systems are left alone', () => {
    const ordinary = `PATH PWD HOME SHELL USER LOGNAME HOSTNAME HOSTTYPE TERM LANG LC_ALL TZ TMPDIR MAIL
      MAILCHECK OLDPWD SHLVL EDITOR DISPLAY COLUMNS PORTS PROXY SSH_CLIENT SSH_TTY INIT_CWD NODE
      NODE_OPTIONS NODE_PATH NODE_VERSION NODE_EXTRA_CA_CERTS npm_config_cache npm_package_name
      npm_lifecycle_event PGHOST PGDATA PGUSER DATA HTTP_PROXY http_proxy NO_PROXY CI DEBUG
      GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_PROJECT GOOGLE_API_KEY KUBERNETES_SERVICE_HOST
      SYNAPSE_SERVICE_HOST SYNAPSE_SERVICE_PORT_HTTP SYNAPSE_PORT_8008_TCP_ADDR XDG_DATA_DIRS
      XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS JAVA_HOME LESSOPEN LS_COLORS ROLES HOSTS _`;
    const env = Object.fromEntries(ordinary.split(/\s+/).map((name) => [name, 'x']));
    env.SYNAPSE_PORT = 'tcp://10.0.0.1:8008';
    assert.deepEqual(problemsOf({ ...development, ...env }), []);
  });
});
